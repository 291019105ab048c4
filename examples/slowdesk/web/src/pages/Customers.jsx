import React, { useState } from "react";
import { Link, useNavigate } from "react-router-dom";
import { Download, Search } from "react-feather";
import { saveAsExcel } from "../lib/excel.js";
import { useApi } from "../lib/useApi.js";
import { ago, day } from "../lib/dates.js";
import { label, number } from "../lib/format.js";
import { Card, PageHead } from "../components/Page.jsx";
import { Result } from "../components/States.jsx";
import Avatar from "../components/Avatar.jsx";
import Pager from "../components/Pager.jsx";

const COLUMNS = [
  { title: "Name", value: (row) => row.name, width: 26 },
  { title: "Email", value: (row) => row.email, width: 34 },
  { title: "Company", value: (row) => row.company, width: 28 },
  { title: "Country", value: (row) => row.country, width: 16 },
  { title: "Plan", value: (row) => label(row.plan), width: 14 },
  { title: "Customer since", value: (row) => day(row.created_at), width: 16 },
  { title: "Inquiries", value: (row) => row.inquiry_count, width: 12 },
  { title: "Open", value: (row) => row.open_count, width: 10 },
];

export default function Customers() {
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const [page, setPage] = useState(1);
  const request = useApi("/api/customers", { q: words, page });

  return (
    <>
      <PageHead title="Customers" note="Who writes to us, and how often.">
        <button
          type="button"
          className="btn btn-light border btn-sm"
          disabled={!request.data}
          onClick={() => saveAsExcel(request.data.items, COLUMNS, "customers.xlsx")}
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
              placeholder="Name, email address or company"
              aria-label="Name, email address or company"
              value={words}
              onChange={(event) => {
                setWords(event.target.value);
                setPage(1);
              }}
            />
          </div>
        </div>
        <Result request={request} empty={(data) => !data.items.length}>
          {(data) => (
            <>
              <div className="table-scroll">
                <table className="table table-hover">
                  <thead>
                    <tr>
                      <th>Customer</th>
                      <th>Company</th>
                      <th>Country</th>
                      <th>Plan</th>
                      <th className="text-end">Inquiries</th>
                      <th className="text-end">Open</th>
                      <th>Last contact</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.items.map((row) => (
                      <tr key={row.id} className="row-link" onClick={() => navigate(`/customers/${row.id}`)}>
                        <td>
                          <div className="person">
                            <Avatar person={row} size={36} customer />
                            <div className="clip">
                              <Link to={`/customers/${row.id}`}>{row.name}</Link>
                              <span>{row.email}</span>
                            </div>
                          </div>
                        </td>
                        <td>{row.company}</td>
                        <td>{row.country}</td>
                        <td>
                          <span className={`tag tag-plan-${row.plan}`}>{label(row.plan)}</span>
                        </td>
                        <td className="text-end">{number(row.inquiry_count)}</td>
                        <td className="text-end">{number(row.open_count)}</td>
                        <td className="faint text-nowrap">{ago(row.last_contact_at)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <Pager page={data.page} pages={data.pages} total={data.total} noun="customers" onPage={setPage} />
            </>
          )}
        </Result>
      </Card>
    </>
  );
}
