import _ from "lodash";

export function number(value) {
  return _.isNil(value) ? "–" : Number(value).toLocaleString("en");
}

export function label(value) {
  return _.upperFirst(_.lowerCase(value || ""));
}

export function initials(name) {
  return _.chain(name).split(" ").filter().map((part) => part[0]).take(2).join("").toUpper().value();
}

// Replies written in the editor are HTML, everything that came in by mail is plain text.
export function isHtml(text) {
  return /^\s*<(p|ol|ul|h\d|div|blockquote|pre)[\s>]/i.test(text || "");
}

export function plainText(text) {
  if (!isHtml(text)) return text || "";
  return _.unescape(text.replace(/<\/(p|li|h\d|div|blockquote)>|<br\s*\/?>/gi, "\n").replace(/<[^>]+>/g, "")).trim();
}

export function cell(value) {
  if (_.isNil(value)) return "–";
  if (_.isNumber(value)) return value.toLocaleString("en", { maximumFractionDigits: 2 });
  if (_.isBoolean(value)) return value ? "yes" : "no";
  return String(value);
}

export function numericColumns(columns, rows) {
  return _.filter(_.range(columns.length), (index) => _.some(rows) && _.every(rows, (row) => _.isNil(row[index]) || _.isNumber(row[index])));
}

export function avatarFor(person) {
  if (person && person.avatar_url) return person.avatar_url;
  const seed = _.sumBy(_.toArray(_.get(person, "name", "")), (letter) => letter.charCodeAt(0));
  return `/avatars/${(seed % 12) + 1}.png`;
}
