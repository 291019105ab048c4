import _ from "lodash";

export function number(value) {
  return _.isNil(value) ? "–" : Number(value).toLocaleString("en");
}

const SHORT = { sla: "SLA", ui: "User interface", api: "API", vat: "VAT" };

export function label(value) {
  if (SHORT[value]) return SHORT[value];
  return _.upperFirst(_.lowerCase(value || ""));
}

export function initials(name) {
  return _.chain(name).split(" ").filter().map((part) => part[0]).take(2).join("").toUpper().value();
}

// Replies written in the editor are HTML, everything that came in by mail is plain text.
export function isHtml(text) {
  return /^\s*<(p|ol|ul|h\d|div|blockquote|pre)[\s>]/i.test(text || "");
}

export function plainText(text) {
  if (!isHtml(text)) return text || "";
  return _.unescape(text.replace(/<\/(p|li|h\d|div|blockquote)>|<br\s*\/?>/gi, "\n").replace(/<[^>]+>/g, "")).trim();
}

export function cell(value) {
  if (_.isNil(value)) return "–";
  if (_.isNumber(value)) return value.toLocaleString("en", { maximumFractionDigits: 2 });
  if (_.isBoolean(value)) return value ? "yes" : "no";
  return String(value);
}

export function numericColumns(columns, rows) {
  return _.filter(_.range(columns.length), (index) => _.some(rows) && _.every(rows, (row) => _.isNil(row[index]) || _.isNumber(row[index])));
}

// Customers have no picture of their own: each gets one of ours, always the same.
export function customerPicture(name) {
  const seed = _.reduce(name, (sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
  return `/avatars/${(seed % 12) + 1}.png`;
}
