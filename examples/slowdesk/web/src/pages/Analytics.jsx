import React, { useEffect, useRef, useState } from "react";
import * as echarts from "echarts";
import { useApi } from "../lib/useApi.js";
import { duration, shortDay } from "../lib/dates.js";
import { label, number } from "../lib/format.js";
import { Card, PageHead } from "../components/Page.jsx";
import { Result } from "../components/States.jsx";
import Avatar from "../components/Avatar.jsx";

const PERIODS = [7, 30, 90];
const PALETTE = ["#4f46e5", "#06b6d4", "#10b981", "#f59e0b", "#ef4444", "#8b5cf6", "#64748b"];
const GRID = { left: 8, right: 16, top: 36, bottom: 4, containLabel: true };

function EChart({ option, height = 300 }) {
  const place = useRef(null);
  useEffect(() => {
    const chart = echarts.init(place.current);
    chart.setOption({ color: PALETTE, animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, ...option });
    const resize = () => chart.resize();
    window.addEventListener("resize", resize);
    return () => {
      window.removeEventListener("resize", resize);
      chart.dispose();
    };
  }, [option]);
  return <div ref={place} style={{ height }} />;
}

function responseTimes(rows) {
  const line = (name, key, width) => ({
    name,
    type: "line",
    smooth: true,
    showSymbol: false,
    lineStyle: { width },
    areaStyle: { opacity: 0.08 },
    data: rows.map((row) => row[key]),
  });
  return {
    grid: GRID,
    legend: { right: 0, top: 0 },
    tooltip: { trigger: "axis", valueFormatter: duration },
    xAxis: { type: "category", boundaryGap: false, data: rows.map((row) => shortDay(row.day)) },
    yAxis: { type: "value", axisLabel: { formatter: (value) => duration(value) } },
    series: [line("Half are faster than", "p50_minutes", 3), line("95 % are faster than", "p95_minutes", 2)],
  };
}

function channels(rows) {
  return {
    tooltip: { trigger: "item" },
    legend: { bottom: 0 },
    series: [
      {
        type: "pie",
        radius: ["52%", "76%"],
        center: ["50%", "44%"],
        label: { show: false },
        itemStyle: { borderColor: "#fff", borderWidth: 3 },
        data: rows.map((row) => ({ name: label(row.channel), value: row.count })),
      },
    ],
  };
}

function bars(rows, name) {
  const sorted = [...rows].sort((a, b) => a.count - b.count).slice(-10);
  return {
    grid: { ...GRID, top: 8 },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
    xAxis: { type: "value" },
    yAxis: { type: "category", data: sorted.map((row) => row[name]) },
    series: [{ type: "bar", barWidth: "60%", itemStyle: { borderRadius: [0, 4, 4, 0] }, data: sorted.map((row) => row.count) }],
  };
}

function funnel(rows) {
  return {
    tooltip: { trigger: "item" },
    series: [
      {
        type: "funnel",
        left: 16,
        right: 16,
        top: 8,
        bottom: 8,
        gap: 4,
        minSize: "18%",
        label: { position: "inside", formatter: "{b}: {c}" },
        data: rows.map((row) => ({ name: label(row.step), value: row.count })),
      },
    ],
  };
}

function topics(rows) {
  return {
    tooltip: {},
    series: [
      {
        type: "treemap",
        roam: false,
        nodeClick: false,
        breadcrumb: { show: false },
        left: 0,
        right: 0,
        top: 0,
        bottom: 0,
        itemStyle: { gapWidth: 3 },
        data: rows.map((row) => ({ name: label(row.topic), value: row.count })),
      },
    ],
  };
}

function Agents({ agents }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th>Agent</th>
          <th className="text-end">Resolved</th>
          <th className="text-end">Average time</th>
        </tr>
      </thead>
      <tbody>
        {agents.slice(0, 10).map((agent) => (
          <tr key={agent.name}>
            <td>
              <div className="person">
                <Avatar person={agent} size={28} /> <b>{agent.name}</b>
              </div>
            </td>
            <td className="text-end">{number(agent.resolved)}</td>
            <td className="text-end text-nowrap">{duration(agent.avg_minutes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export default function Analytics() {
  const [days, setDays] = useState(30);
  const request = useApi("/api/analytics", { days });
  return (
    <>
      <PageHead title="Analytics" note="How fast we answer, and what people ask about.">
        <div className="btn-group" role="group" aria-label="Period">
          {PERIODS.map((value) => (
            <button
              key={value}
              type="button"
              className={`btn btn-sm btn-light border ${days === value ? "active" : ""}`}
              onClick={() => setDays(value)}
            >
              {value} days
            </button>
          ))}
        </div>
      </PageHead>
      <Result request={request}>
        {(data) => (
          <>
            <div className="grid grid-2-1">
              <Card title="Time to first reply" note="Per day">
                <EChart option={responseTimes(data.response_times)} height={320} />
              </Card>
              <Card title="Channels">
                <EChart option={channels(data.by_channel)} height={320} />
              </Card>
            </div>
            <div className="grid grid-3">
              <Card title="Countries" note="The ten with most inquiries">
                <EChart option={bars(data.by_country, "country")} />
              </Card>
              <Card title="From question to answer">
                <EChart option={funnel(data.funnel)} />
              </Card>
              <Card title="Topics">
                <EChart option={topics(data.topics)} />
              </Card>
            </div>
            <Card title="Agents" flush>
              <Agents agents={data.agents} />
            </Card>
          </>
        )}
      </Result>
    </>
  );
}
