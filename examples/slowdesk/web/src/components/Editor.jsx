import React, { useEffect, useRef } from "react";
import Quill from "quill";
import "quill/dist/quill.snow.css";

const TOOLBAR = [
  [{ header: [false, 2, 3] }],
  ["bold", "italic", "underline", "strike"],
  [{ list: "ordered" }, { list: "bullet" }],
  ["blockquote", "code-block", "link"],
  ["clean"],
];

// `resetKey` empties the editor when it changes. `onChange` gets HTML, or "" when there is no text.
export default function Editor({ placeholder, resetKey, onChange }) {
  const place = useRef(null);
  const quill = useRef(null);
  const report = useRef(onChange);
  report.current = onChange;

  useEffect(() => {
    const root = place.current;
    const target = root.appendChild(document.createElement("div"));
    quill.current = new Quill(target, { theme: "snow", placeholder, modules: { toolbar: TOOLBAR } });
    quill.current.on("text-change", () => {
      const empty = !quill.current.getText().trim();
      // Quill makes every space unbreakable.
      report.current(empty ? "" : quill.current.getSemanticHTML().replaceAll("&nbsp;", " "));
    });
    return () => {
      root.innerHTML = "";
    };
  }, [placeholder]);

  useEffect(() => {
    if (quill.current) quill.current.setText("");
  }, [resetKey]);

  return <div ref={place} className="editor" />;
}
