import React, { useState } from "react";
import { Link, useParams } from "react-router-dom";
import { ArrowLeft, Printer, FileText, Loader } from "react-feather";
import { Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import _ from "lodash";
import { api, query } from "../lib/api.js";
import { useApi } from "../lib/useApi.js";
import { download } from "../lib/download.js";
import { saveAsPdf } from "../lib/pdf.js";
import { dayAndTime } from "../lib/dates.js";
import { cell, number, numericColumns } from "../lib/format.js";
import { Card, PageHead } from "../components/Page.jsx";
import { Result } from "../components/States.jsx";

const PERIODS = [30, 90, 365];
const COLORS = ["#4f46e5", "#06b6d4"];
const SHOWN_ROWS = 500;

function ReportChart({ report }) {
  const numeric = numericColumns(report.columns, report.rows).filter((index) => index > 0).slice(0, 2);
  if (!numeric.length) return null;
  const data = report.rows.slice(0, 20).map((row) => ({ name: cell(row[0]), ..._.fromPairs(numeric.map((index) => [report.columns[index], row[index]])) }));
  return (
    <Card title="At a glance" note="The first rows">
      <ResponsiveContainer width="100%" height={300}>
        <BarChart data={data}>
          <CartesianGrid vertical={false} stroke="#eef0f5" />
          <XAxis dataKey="name" tickLine={false} fontSize={12} />
          <YAxis tickLine={false} axisLine={false} fontSize={12} width={70} />
          <Tooltip cursor={{ fill: "#f5f6fa" }} />
          <Legend />
          {numeric.map((column, index) => (
            <Bar
              key={column}
              dataKey={report.columns[column]}
              fill={COLORS[index]}
              radius={[4, 4, 0, 0]}
              isAnimationActive={false}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </Card>
  );
}

function savePdf(report) {
  const sections = report.rows.slice(0, SHOWN_ROWS).map((row) => ({
    heading: cell(row[0]),
    text: report.columns.slice(1).map((column, index) => `${column}: ${cell(row[index + 1])}`).join("   "),
  }));
  return saveAsPdf(report.title, `Generated ${dayAndTime(report.generated_at)}`, sections, `${report.kind}.pdf`);
}

function ReportTable({ report }) {
  const numeric = numericColumns(report.columns, report.rows);
  const side = (index) => (numeric.includes(index) ? "text-end" : undefined);
  return (
    <Card
      flush
      title="All rows"
      note={report.rows.length > SHOWN_ROWS ? `${number(SHOWN_ROWS)} of ${number(report.rows.length)}; the export has all` : `${number(report.rows.length)} rows`}
    >
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              {report.columns.map((column, index) => (
                <th key={column} className={side(index)}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.rows.slice(0, SHOWN_ROWS).map((row, index) => (
              <tr key={index}>
                {row.map((value, column) => (
                  <td key={column} className={side(column)}>
                    {cell(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

export default function ReportView() {
  const { kind } = useParams();
  const [days, setDays] = useState(90);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const request = useApi(`/api/reports/${kind}`, { days });

  async function exportFile() {
    setBusy(true);
    setError(null);
    try {
      download(await api.file(query(`/api/reports/${kind}/export`, { days })), `${kind}.xlsx`);
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  }

  return (
    <>
      <Link className="back" to="/reports">
        <ArrowLeft size={15} /> All reports
      </Link>
      <PageHead
        title={request.data ? request.data.title : "Report"}
        note={request.data && `Generated ${dayAndTime(request.data.generated_at)}`}
      >
        <select
          className="form-select form-select-sm"
          aria-label="Period"
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
        >
          {PERIODS.map((value) => (
            <option key={value} value={value}>
              Last {value} days
            </option>
          ))}
        </select>
        <button type="button" className="btn btn-light border btn-sm" disabled={!request.data} onClick={() => savePdf(request.data)}>
          <Printer size={16} /> PDF
        </button>
        <button type="button" className="btn btn-primary btn-sm" disabled={busy} onClick={exportFile}>
          {busy ? <Loader className="spin" size={16} /> : <FileText size={16} />} Export
        </button>
      </PageHead>
      {error && <div className="alert alert-danger">{error.message}</div>}
      <Result request={request}>
        {(report) => (
          <>
            <ReportChart report={report} />
            <ReportTable report={report} />
          </>
        )}
      </Result>
    </>
  );
}
