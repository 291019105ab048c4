import React, { useMemo, useState } from "react";
import { useSearchParams } from "react-router-dom";
import { Search } from "react-feather";
import _ from "lodash";
import { Marked } from "marked";
import hljs from "highlight.js";
import DOMPurify from "dompurify";
import "highlight.js/styles/github.css";
import { Card, PageHead } from "../components/Page.jsx";
import { Empty } from "../components/States.jsx";

const FILES = import.meta.glob("../articles/*.md", { query: "?raw", import: "default", eager: true });

const ARTICLES = _.sortBy(
  _.map(FILES, (text, path) => ({
    slug: path.replace(/^.*\/(\d+-)?|\.md$/g, ""),
    title: text.match(/^# (.*)$/m)[1],
    path,
    text,
  })),
  "path",
);

const markdown = new Marked({
  renderer: {
    code({ text, lang }) {
      const marked = hljs.getLanguage(lang) ? hljs.highlight(text, { language: lang }) : hljs.highlightAuto(text);
      return `<pre><code class="hljs">${marked.value}</code></pre>`;
    },
  },
});

export default function Knowledge() {
  const [search, setSearch] = useSearchParams();
  const [words, setWords] = useState("");
  const found = ARTICLES.filter((article) => article.text.toLowerCase().includes(words.toLowerCase()));
  const current = _.find(ARTICLES, { slug: search.get("article") }) || ARTICLES[0];
  const html = useMemo(() => DOMPurify.sanitize(markdown.parse(current.text)), [current]);

  return (
    <>
      <PageHead title="Knowledge" note="How we work, and what to answer." />
      <div className="grid grid-1-3">
        <Card>
          <div className="field">
            <Search size={15} />
            <input
              type="search"
              className="form-control form-control-sm"
              placeholder="Find an article"
              aria-label="Find an article"
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
          </div>
          <ul className="articles">
            {found.map((article) => (
              <li key={article.slug}>
                <button
                  type="button"
                  className={article === current ? "active" : undefined}
                  onClick={() => setSearch({ article: article.slug })}
                >
                  {article.title}
                </button>
              </li>
            ))}
          </ul>
          {!found.length && <Empty>No article has these words.</Empty>}
        </Card>
        <Card>
          <article className="prose" dangerouslySetInnerHTML={{ __html: html }} />
        </Card>
      </div>
    </>
  );
}
