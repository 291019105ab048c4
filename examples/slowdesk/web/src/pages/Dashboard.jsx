import React, { useEffect, useState } from "react";
import { Link } from "react-router-dom";
import { AlertTriangle, CheckCircle, Clock, Inbox } from "react-feather";
import banner from "../assets/dashboard-banner.png";
import { api } from "../lib/api.js";
import { ago, duration, greeting } from "../lib/dates.js";
import { label, number, plainText } from "../lib/format.js";
import { Priority, Status } from "../components/Badges.jsx";
import { Card, PageHead } from "../components/Page.jsx";
import { Empty, Failure, Loading } from "../components/States.jsx";
import Avatar from "../components/Avatar.jsx";
import VolumeChart from "../components/VolumeChart.jsx";

const POLL_MS = 30000;

const COUNTS = [
  { key: "open", name: "Open", icon: Inbox, tone: "indigo", filter: "open" },
  { key: "pending", name: "Waiting for customer", icon: Clock, tone: "amber", filter: "pending" },
  { key: "resolved", name: "Resolved", icon: CheckCircle, tone: "green", filter: "resolved" },
  { key: "overdue", name: "Overdue", icon: AlertTriangle, tone: "red" },
];

// The dashboard needs to know who is looking before it can know what to show.
async function loadDashboard() {
  const session = await api.get("/api/auth/session");
  const me = await api.get("/api/users/me");
  const { settings } = await api.get("/api/system-settings");
  const dashboard = await api.get("/api/dashboard");
  return { session, me, settings, dashboard };
}

function Counts({ counts }) {
  return (
    <div className="counts">
      {COUNTS.map(({ key, name, icon: Icon, tone, filter }) => (
        <Link key={key} to={filter ? `/inquiries?status=${filter}` : "/inquiries?status=open&sort=created_at"} className="count">
          <span className={`count-icon tone-${tone}`}>
            <Icon size={20} />
          </span>
          <div>
            <strong>{number(counts[key])}</strong>
            <span>{name}</span>
          </div>
        </Link>
      ))}
    </div>
  );
}

function Queue({ queue }) {
  if (!queue.length) return <Empty>Nobody is waiting. Well done.</Empty>;
  return (
    <table className="table table-queue">
      <thead>
        <tr>
          <th>Inquiry</th>
          <th>Priority</th>
          <th>Status</th>
          <th className="text-end">Waiting</th>
        </tr>
      </thead>
      <tbody>
        {queue.map((row) => (
          <tr key={row.id}>
            <td>
              <div className="person">
                <Avatar person={{ name: row.customer_name }} size={34} customer />
                <div className="clip">
                  <Link to={`/inquiries/${row.id}`}>{row.subject}</Link>
                  <span>
                    {row.customer_name} · {plainText(row.last_message_excerpt)}
                  </span>
                </div>
              </div>
            </td>
            <td>
              <Priority value={row.priority} />
            </td>
            <td>
              <Status value={row.status} />
            </td>
            <td className="text-end text-nowrap">{duration(row.waiting_minutes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Activity({ activity }) {
  if (!activity.length) return <Empty>No activity today.</Empty>;
  return (
    <ul className="activity">
      {activity.map((entry, index) => (
        <li key={index}>
          <Avatar person={{ name: entry.actor_name || "Customer" }} size={32} />
          <div>
            <p>
              <b>{entry.actor_name || "A customer"}</b> {label(entry.verb).toLowerCase()}{" "}
              <Link to={`/inquiries/${entry.inquiry_id}`}>{entry.subject}</Link>
            </p>
            <span>{ago(entry.at)}</span>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Team({ team }) {
  const most = Math.max(1, ...team.map((member) => member.open));
  return (
    <ul className="load">
      {team.map((member) => (
        <li key={member.name}>
          <Avatar person={member} size={32} />
          <div>
            <p>
              <b>{member.name}</b>
              <span>{duration(member.avg_first_response_minutes)}</span>
            </p>
            <div className="bar">
              <i style={{ width: `${(100 * member.open) / most}%` }} />
            </div>
          </div>
          <strong>{number(member.open)}</strong>
        </li>
      ))}
    </ul>
  );
}

export default function Dashboard() {
  const [state, setState] = useState(null);
  const [error, setError] = useState(null);

  function load() {
    loadDashboard().then(
      (answer) => {
        setState(answer);
        setError(null);
      },
      (failure) => setError(failure),
    );
  }

  useEffect(() => {
    load();
    const timer = setInterval(load, POLL_MS);
    return () => clearInterval(timer);
  }, []);

  if (error && !state) return <Failure error={error} onRetry={load} />;
  if (!state) return <Loading label="Collecting your desk" />;
  const { me, settings, dashboard } = state;

  return (
    <>
      <PageHead title="Dashboard" note="What is waiting, and who is on it." />
      <div className="banner" style={{ backgroundImage: `url(${banner})` }}>
        <div>
          <h2>
            {greeting()}, {me.name.split(" ")[0]}
          </h2>
          <p>
            {settings["ui.welcome"]} You have <b>{number(me.open_inquiries)}</b> open inquiries and <b>{number(me.unread)}</b> unread messages.
          </p>
        </div>
      </div>
      <Counts counts={dashboard.counts} />
      <div className="grid grid-2-1">
        <div>
          <Card title="Volume" note="Inquiries opened and resolved per day">
            <VolumeChart days={dashboard.volume_by_day} />
          </Card>
          <Card title="Longest waiting" flush action={<Link to="/inquiries?status=open">All open inquiries</Link>}>
            <Queue queue={dashboard.queue} />
          </Card>
        </div>
        <div>
          <Card title="Team load" note="Open inquiries, and the time to a first reply">
            <Team team={dashboard.team} />
          </Card>
          <Card title="Latest activity">
            <Activity activity={dashboard.activity} />
          </Card>
        </div>
      </div>
    </>
  );
}
