import React, { useState } from "react";
import { Search } from "react-feather";
import { useApi } from "../lib/useApi.js";
import { ago } from "../lib/dates.js";
import { number } from "../lib/format.js";
import { Role } from "../components/Badges.jsx";
import { Card, PageHead } from "../components/Page.jsx";
import { Result } from "../components/States.jsx";
import Avatar from "../components/Avatar.jsx";
import Pager from "../components/Pager.jsx";

const ROLES = ["admin", "manager", "agent", "viewer"];

export default function Users() {
  const [words, setWords] = useState("");
  const [role, setRole] = useState("");
  const [page, setPage] = useState(1);
  const request = useApi("/api/users", { q: words, role, page });

  function filter(set, value) {
    set(value);
    setPage(1);
  }

  return (
    <>
      <PageHead title="Team" note="Everybody who can sign in here." />
      <Card flush>
        <div className="filters">
          <div className="field">
            <Search size={15} />
            <input
              type="search"
              className="form-control form-control-sm"
              placeholder="Name or email address"
              aria-label="Name or email address"
              value={words}
              onChange={(event) => filter(setWords, event.target.value)}
            />
          </div>
          <div className="btn-group" role="group" aria-label="Role">
            {["", ...ROLES].map((value) => (
              <button
                key={value}
                type="button"
                className={`btn btn-sm btn-light border ${role === value ? "active" : ""}`}
                onClick={() => filter(setRole, value)}
              >
                {value || "all"}
              </button>
            ))}
          </div>
        </div>
        <Result request={request} empty={(data) => !data.items.length}>
          {(data) => (
            <>
              <div className="table-scroll">
                <table className="table table-hover">
                  <thead>
                    <tr>
                      <th>Name</th>
                      <th>Role</th>
                      <th>Team</th>
                      <th>Account</th>
                      <th className="text-end">Open inquiries</th>
                      <th>Last seen</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.items.map((row) => (
                      <tr key={row.id}>
                        <td>
                          <div className="person">
                            <Avatar person={row} size={36} />
                            <div className="clip">
                              <b>{row.name}</b>
                              <span>{row.email}</span>
                            </div>
                          </div>
                        </td>
                        <td>
                          <Role value={row.role} />
                        </td>
                        <td>{row.team}</td>
                        <td>
                          <span className={`dot ${row.active ? "dot-on" : ""}`} /> {row.active ? "active" : "off"}
                        </td>
                        <td className="text-end">{number(row.open_inquiries)}</td>
                        <td className="faint text-nowrap">{ago(row.last_seen_at)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <Pager page={data.page} pages={data.pages} total={data.total} noun="people" onPage={setPage} />
            </>
          )}
        </Result>
      </Card>
    </>
  );
}
