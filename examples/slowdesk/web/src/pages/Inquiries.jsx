import React, { useEffect, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router-dom";
import { Download, MessageSquare, Search } from "react-feather";
import { saveAsExcel } from "../lib/excel.js";
import { useApi } from "../lib/useApi.js";
import { ago, dayAndTime } from "../lib/dates.js";
import { label } from "../lib/format.js";
import { Channel, Priority, Status } from "../components/Badges.jsx";
import { Card, PageHead } from "../components/Page.jsx";
import { Result } from "../components/States.jsx";
import Avatar from "../components/Avatar.jsx";
import Pager from "../components/Pager.jsx";
import { PRIORITIES, SORTS, STATUSES } from "../lib/words.js";

const COLUMNS = [
  { title: "Number", value: (row) => row.id, width: 10 },
  { title: "Subject", value: (row) => row.subject, width: 50 },
  { title: "Status", value: (row) => label(row.status), width: 12 },
  { title: "Priority", value: (row) => label(row.priority), width: 12 },
  { title: "Channel", value: (row) => label(row.channel), width: 12 },
  { title: "Customer", value: (row) => row.customer.name, width: 24 },
  { title: "Company", value: (row) => row.customer.company, width: 24 },
  { title: "Assignee", value: (row) => (row.assignee ? row.assignee.name : ""), width: 20 },
  { title: "Messages", value: (row) => row.message_count, width: 10 },
  { title: "Created", value: (row) => dayAndTime(row.created_at), width: 22 },
  { title: "Updated", value: (row) => dayAndTime(row.updated_at), width: 22 },
];

function Choice({ name, value, options, all, onChange }) {
  return (
    <select className="form-select form-select-sm" aria-label={name} value={value} onChange={(event) => onChange(event.target.value)}>
      {all && <option value="">{all}</option>}
      {options.map((option) => (
        <option key={option.value || option} value={option.value || option}>
          {option.name || label(option)}
        </option>
      ))}
    </select>
  );
}

function Row({ row, onOpen }) {
  return (
    <tr className="row-link" onClick={() => onOpen(row.id)}>
      <td>
        <div className="clip clip-wide">
          <Link to={`/inquiries/${row.id}`} onClick={(event) => event.stopPropagation()}>
            {row.subject}
          </Link>
          <span>
            #{row.id} · <Channel value={row.channel} />
            {row.tags.map((tag) => (
              <em key={tag} className="chip">
                {tag}
              </em>
            ))}
          </span>
        </div>
      </td>
      <td>
        <div className="person">
          <Avatar person={row.customer} size={32} customer />
          <div className="clip">
            <b>{row.customer.name}</b>
            <span>{row.customer.company}</span>
          </div>
        </div>
      </td>
      <td>
        <Status value={row.status} />
      </td>
      <td>
        <Priority value={row.priority} />
      </td>
      <td className="text-nowrap">{row.assignee ? row.assignee.name : <span className="faint">nobody</span>}</td>
      <td className="text-nowrap">
        <MessageSquare size={14} className="faint" /> {row.message_count}
      </td>
      <td className="text-nowrap faint" title={dayAndTime(row.updated_at)}>
        {ago(row.updated_at)}
      </td>
    </tr>
  );
}

export default function Inquiries() {
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const [words, setWords] = useState(search.get("q") || "");
  const page = Number(search.get("page") || 1);
  const filter = (name, otherwise = "") => search.get(name) || otherwise;

  const request = useApi("/api/inquiries", {
    status: filter("status"),
    priority: filter("priority"),
    q: filter("q"),
    customer_email: filter("customer_email"),
    sort: filter("sort", "-updated_at"),
    page,
    per_page: 50,
  });

  function change(name, value) {
    const next = new URLSearchParams(search);
    if (value) next.set(name, value);
    else next.delete(name);
    if (name !== "page") next.delete("page");
    setSearch(next, { replace: name === "q" });
  }

  useEffect(() => setWords(search.get("q") || ""), [search]);

  function type(value) {
    setWords(value);
    change("q", value);
  }

  return (
    <>
      <PageHead title="Inquiries" note="Everything customers have asked, in one list.">
        <button
          type="button"
          className="btn btn-light border btn-sm"
          disabled={!request.data}
          onClick={() => saveAsExcel(request.data.items, COLUMNS, "inquiries.xlsx")}
        >
          <Download size={16} /> Excel
        </button>
      </PageHead>
      <Card flush>
        <div className="filters">
          <div className="field">
            <Search size={15} />
            <input
              type="search"
              className="form-control form-control-sm"
              placeholder="Words in subject or text"
              aria-label="Words in subject or text"
              value={words}
              onChange={(event) => type(event.target.value)}
            />
          </div>
          <Choice name="Status" all="Any status" value={filter("status")} options={STATUSES} onChange={(v) => change("status", v)} />
          <Choice name="Priority" all="Any priority" value={filter("priority")} options={PRIORITIES} onChange={(v) => change("priority", v)} />
          <Choice name="Sort" value={filter("sort", "-updated_at")} options={SORTS} onChange={(v) => change("sort", v)} />
        </div>
        <Result request={request} empty={(data) => !data.items.length}>
          {(data) => (
            <>
              <div className="table-scroll">
                <table className="table table-hover">
                  <thead>
                    <tr>
                      <th>Subject</th>
                      <th>Customer</th>
                      <th>Status</th>
                      <th>Priority</th>
                      <th>Assignee</th>
                      <th>Messages</th>
                      <th>Updated</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.items.map((row) => (
                      <Row key={row.id} row={row} onOpen={(id) => navigate(`/inquiries/${id}`)} />
                    ))}
                  </tbody>
                </table>
              </div>
              <Pager page={data.page} pages={data.pages} total={data.total} noun="inquiries" onPage={(value) => change("page", value)} />
            </>
          )}
        </Result>
      </Card>
    </>
  );
}
