import React from "react";
import { Link } from "react-router-dom";
import { ArrowRight, FileText } from "react-feather";
import { useApi } from "../lib/useApi.js";
import { ago } from "../lib/dates.js";
import { number } from "../lib/format.js";
import { PageHead } from "../components/Page.jsx";
import { Result } from "../components/States.jsx";

export default function Reports() {
  const request = useApi("/api/reports");
  return (
    <>
      <PageHead title="Reports" note="Tables for meetings, ready to export." />
      <Result request={request} empty={(data) => !data.items.length}>
        {(data) => (
          <div className="grid grid-3">
            {data.items.map((report) => (
              <Link key={report.kind} to={`/reports/${report.kind}`} className="panel report">
                <span className="count-icon tone-indigo">
                  <FileText size={20} />
                </span>
                <h2>{report.title}</h2>
                <p>{report.description}</p>
                <footer>
                  <span>
                    {number(report.rows)} rows · run {ago(report.last_run_at)}
                  </span>
                  <ArrowRight size={16} />
                </footer>
              </Link>
            ))}
          </div>
        )}
      </Result>
    </>
  );
}
