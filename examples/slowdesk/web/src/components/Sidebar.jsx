import React from "react";
import { NavLink } from "react-router-dom";
import {
  BookOpen,
  BarChart2,
  FileText,
  Inbox,
  Layout,
  Settings,
  Users,
  Smile,
} from "react-feather";
import logo from "../assets/logo.png";
import { useApi } from "../lib/useApi.js";
import { useSession } from "../lib/session.jsx";
import { number } from "../lib/format.js";
import Avatar from "./Avatar.jsx";

const WORK = [
  { to: "/", name: "Dashboard", icon: Layout, end: true },
  { to: "/inquiries", name: "Inquiries", icon: Inbox, badge: true },
  { to: "/customers", name: "Customers", icon: Smile },
  { to: "/knowledge", name: "Knowledge", icon: BookOpen },
];
const INSIGHT = [
  { to: "/analytics", name: "Analytics", icon: BarChart2 },
  { to: "/reports", name: "Reports", icon: FileText },
];
const MANAGE = [
  { to: "/users", name: "Team", icon: Users, roles: ["admin", "manager"] },
  { to: "/settings", name: "Settings", icon: Settings },
];

function Group({ title, entries, open, role }) {
  return (
    <>
      <h6>{title}</h6>
      {entries
        .filter((entry) => !entry.roles || entry.roles.includes(role))
        .map((entry) => (
          <NavLink key={entry.to} to={entry.to} end={entry.end}>
            <entry.icon size={18} />
            <span>{entry.name}</span>
            {entry.badge && open > 0 && <b>{number(open)}</b>}
          </NavLink>
        ))}
    </>
  );
}

export default function Sidebar() {
  const { user } = useSession();
  const me = useApi("/api/users/me");
  const settings = useApi("/api/system-settings");
  const values = settings.data ? settings.data.settings : {};
  const open = me.data ? me.data.open_inquiries : 0;

  return (
    <aside className="sidebar">
      <div className="brand">
        <img src={logo} alt="" />
        <div>
          <strong>{values["desk.name"] || "Slowdesk"}</strong>
          <span>{values["desk.reply_address"] || "Help desk"}</span>
        </div>
      </div>
      <nav>
        <Group title="Work" entries={WORK} open={open} role={user.role} />
        <Group title="Insight" entries={INSIGHT} role={user.role} />
        <Group title="Manage" entries={MANAGE} role={user.role} />
      </nav>
      <NavLink to="/profile" className="sidebar-user">
        <Avatar person={user} size={36} />
        <div>
          <strong>{user.name}</strong>
          <span>{user.email}</span>
        </div>
      </NavLink>
    </aside>
  );
}
