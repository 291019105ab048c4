import React from "react";
import { ChevronLeft, ChevronRight } from "react-feather";
import { number } from "../lib/format.js";

export default function Pager({ page, pages, total, onPage, noun = "entries" }) {
  const last = Math.max(1, pages || 1);
  return (
    <div className="pager">
      <span>
        {number(total)} {noun} · page {number(page)} of {number(last)}
      </span>
      <div className="btn-group">
        <button type="button" className="btn btn-sm btn-light border" disabled={page <= 1} onClick={() => onPage(1)}>
          First
        </button>
        <button
          type="button"
          className="btn btn-sm btn-light border"
          disabled={page <= 1}
          onClick={() => onPage(page - 1)}
          aria-label="Previous page"
        >
          <ChevronLeft size={16} />
        </button>
        <button
          type="button"
          className="btn btn-sm btn-light border"
          disabled={page >= last}
          onClick={() => onPage(page + 1)}
          aria-label="Next page"
        >
          <ChevronRight size={16} />
        </button>
        <button type="button" className="btn btn-sm btn-light border" disabled={page >= last} onClick={() => onPage(last)}>
          Last
        </button>
      </div>
    </div>
  );
}
