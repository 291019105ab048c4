import React from "react";
import DOMPurify from "dompurify";
import { isHtml } from "../lib/format.js";

export default function Body({ text }) {
  if (isHtml(text)) {
    return <div className="body" dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(text) }} />;
  }
  return <div className="body body-plain">{text}</div>;
}
