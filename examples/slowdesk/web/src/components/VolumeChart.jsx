import React, { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { shortDay } from "../lib/dates.js";

function options(width) {
  const faint = { stroke: "#eef0f5", width: 1 };
  const font = "12px system-ui, sans-serif";
  return {
    width,
    height: 260,
    cursor: { y: false, points: { size: 7 } },
    scales: { x: { time: true }, y: { range: (plot, low, high) => [0, Math.max(1, high * 1.15)] } },
    axes: [
      {
        stroke: "#7b8494",
        font,
        grid: { show: false },
        ticks: { show: false },
        values: (plot, splits) => splits.map((split) => shortDay(split * 1000)),
        space: 70,
      },
      { stroke: "#7b8494", font, grid: faint, ticks: { show: false }, size: 48 },
    ],
    series: [
      { label: "Day", value: (plot, value) => (value ? shortDay(value * 1000) : "") },
      {
        label: "Opened",
        stroke: "#4f46e5",
        width: 2,
        fill: "rgba(79, 70, 229, 0.10)",
        points: { show: false },
        paths: uPlot.paths.spline(),
      },
      {
        label: "Resolved",
        stroke: "#10b981",
        width: 2,
        fill: "rgba(16, 185, 129, 0.08)",
        points: { show: false },
        paths: uPlot.paths.spline(),
      },
    ],
  };
}

export default function VolumeChart({ days }) {
  const place = useRef(null);

  useEffect(() => {
    const data = [
      days.map((entry) => new Date(`${entry.day}`.slice(0, 10)).getTime() / 1000),
      days.map((entry) => entry.opened),
      days.map((entry) => entry.resolved),
    ];
    const plot = new uPlot(options(place.current.clientWidth), data, place.current);
    const resize = () => plot.setSize({ width: place.current.clientWidth, height: 260 });
    window.addEventListener("resize", resize);
    return () => {
      window.removeEventListener("resize", resize);
      plot.destroy();
    };
  }, [days]);

  return <div ref={place} className="volume" />;
}
