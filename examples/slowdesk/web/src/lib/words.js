export const STATUSES = ["open", "pending", "resolved", "closed"];
export const PRIORITIES = ["low", "normal", "high", "urgent"];
export const CHANNELS = ["email", "web", "phone", "chat"];
export const SORTS = [
  { value: "-updated_at", name: "Latest change first" },
  { value: "-created_at", name: "Newest first" },
  { value: "created_at", name: "Oldest first" },
];
