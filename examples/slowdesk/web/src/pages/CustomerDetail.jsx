import React, { useEffect, useRef } from "react";
import { Link, useParams } from "react-router-dom";
import { ArrowLeft } from "react-feather";
import _ from "lodash";
import Chart from "chart.js/auto";
import { useApi } from "../lib/useApi.js";
import { ago, day, month, now } from "../lib/dates.js";
import { label, number } from "../lib/format.js";
import { Status } from "../components/Badges.jsx";
import { Card, PageHead } from "../components/Page.jsx";
import { Empty, Result } from "../components/States.jsx";
import Avatar from "../components/Avatar.jsx";

const COLORS = { open: "#4f46e5", pending: "#f59e0b", resolved: "#10b981", closed: "#94a3b8" };

function Canvas({ build, deps }) {
  const canvas = useRef(null);
  useEffect(() => {
    const chart = new Chart(canvas.current, build());
    return () => chart.destroy();
  }, deps);
  return (
    <div className="canvas">
      <canvas ref={canvas} />
    </div>
  );
}

function ByStatus({ inquiries }) {
  const counts = _.countBy(inquiries, "status");
  const build = () => ({
    type: "doughnut",
    data: {
      labels: _.keys(counts).map(label),
      datasets: [{ data: _.values(counts), backgroundColor: _.keys(counts).map((key) => COLORS[key] || "#cbd5e1"), borderWidth: 0 }],
    },
    options: { animation: false, cutout: "68%", maintainAspectRatio: false, plugins: { legend: { position: "right" } } },
  });
  return <Canvas build={build} deps={[inquiries]} />;
}

function ByMonth({ inquiries }) {
  const months = _.range(11, -1, -1).map((back) => now().startOf("month").subtract(back, "months"));
  const counts = _.countBy(inquiries, (inquiry) => month(inquiry.created_at));
  const build = () => ({
    type: "bar",
    data: {
      labels: months.map((start) => start.format("MMM")),
      datasets: [{ data: months.map((start) => counts[month(start)] || 0), backgroundColor: "#818cf8", borderRadius: 4 }],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      plugins: { legend: { display: false } },
      scales: { x: { grid: { display: false } }, y: { beginAtZero: true, ticks: { precision: 0 } } },
    },
  });
  return <Canvas build={build} deps={[inquiries]} />;
}

export default function CustomerDetail() {
  const { id } = useParams();
  const customer = useApi(`/api/customers/${id}`);
  const recent = useApi(customer.data && "/api/inquiries", {
    customer_email: customer.data && customer.data.email,
    per_page: 5,
  });

  return (
    <Result request={customer}>
      {(data) => (
        <>
          <Link className="back" to="/customers">
            <ArrowLeft size={15} /> All customers
          </Link>
          <PageHead title={data.name} note={`${data.company} · ${data.email}`}>
            <Avatar person={data} size={52} customer />
          </PageHead>
          <div className="grid grid-3">
            <Card title="About">
              <dl className="facts">
                <dt>Plan</dt>
                <dd>
                  <span className={`tag tag-plan-${data.plan}`}>{label(data.plan)}</span>
                </dd>
                <dt>Country</dt>
                <dd>{data.country}</dd>
                <dt>Customer since</dt>
                <dd>{day(data.created_at)}</dd>
                <dt>Inquiries</dt>
                <dd>{number(data.inquiry_count ?? data.inquiries.length)}</dd>
              </dl>
            </Card>
            <Card title="By status">
              {data.inquiries.length ? <ByStatus inquiries={data.inquiries} /> : <Empty>No inquiries.</Empty>}
            </Card>
            <Card title="Last twelve months">
              <ByMonth inquiries={data.inquiries} />
            </Card>
          </div>
          <div className="grid grid-2-1">
            <Card title="Inquiries" flush>
              {!data.inquiries.length && <Empty>No inquiries.</Empty>}
              <table className="table table-hover">
                <tbody>
                  {_.orderBy(data.inquiries, "created_at", "desc").map((inquiry) => (
                    <tr key={inquiry.id}>
                      <td>
                        <Link to={`/inquiries/${inquiry.id}`}>{inquiry.subject}</Link>
                      </td>
                      <td>
                        <Status value={inquiry.status} />
                      </td>
                      <td className="faint text-end text-nowrap">{day(inquiry.created_at)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Card>
            <Card title="Latest changes">
              <Result request={recent} empty={(list) => !list.items.length}>
                {(list) => (
                  <ol className="timeline">
                    {list.items.map((inquiry) => (
                      <li key={inquiry.id}>
                        <p>
                          <Link to={`/inquiries/${inquiry.id}`}>{inquiry.subject}</Link>
                        </p>
                        <span>
                          {ago(inquiry.updated_at)} · {number(inquiry.message_count)} messages
                        </span>
                      </li>
                    ))}
                  </ol>
                )}
              </Result>
            </Card>
          </div>
        </>
      )}
    </Result>
  );
}
