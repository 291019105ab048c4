import React, { useEffect, useState } from "react";
import { Link, useNavigate } from "react-router-dom";
import { Bell, LogOut, Plus, Search } from "react-feather";
import { useApi } from "../lib/useApi.js";
import { useSession } from "../lib/session.jsx";
import { number } from "../lib/format.js";

const POLL_MS = 20000;

export default function Topbar() {
  const navigate = useNavigate();
  const { user, logout } = useSession();
  const { data: me, reload } = useApi("/api/users/me");
  const [words, setWords] = useState("");

  useEffect(() => {
    const timer = setInterval(reload, POLL_MS);
    return () => clearInterval(timer);
  }, [reload]);

  function find(event) {
    event.preventDefault();
    navigate(`/inquiries?q=${encodeURIComponent(words)}`);
  }

  return (
    <header className="topbar">
      <form className="topbar-search" onSubmit={find} role="search">
        <Search size={16} />
        <input
          type="search"
          placeholder="Search inquiries"
          aria-label="Search inquiries"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </form>
      <div className="topbar-actions">
        {user.role !== "viewer" && (
          <Link className="btn btn-primary btn-sm" to="/inquiries/new">
            <Plus size={16} /> New inquiry
          </Link>
        )}
        <span className="bell" title={me ? `${number(me.unread)} unread` : "Unread messages"}>
          <Bell size={18} />
          {me && me.unread > 0 && <b>{me.unread > 99 ? "99+" : me.unread}</b>}
        </span>
        <button type="button" className="btn btn-sm btn-icon" onClick={logout} title="Sign out" aria-label="Sign out">
          <LogOut size={18} />
        </button>
      </div>
    </header>
  );
}
