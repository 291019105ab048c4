// With every language, because each account has its own.
import moment from "moment/min/moment-with-locales";

moment.locale("en");

export function setDateLocale(locale) {
  moment.locale(locale || "en");
}

// The desk may work with a fixed time (setting clock.fixed_at), for example with demo data.
export function setDeskClock(fixedAt) {
  moment.now = fixedAt ? () => Date.parse(`${fixedAt}Z`) : () => Date.now();
}

export function localeNames() {
  return moment.locales();
}

export function now() {
  return moment();
}

export function month(value) {
  return moment(value).format("YYYY-MM");
}

export function ago(value) {
  return value ? moment(value).fromNow() : "never";
}

export function day(value) {
  return value ? moment(value).format("ll") : "–";
}

export function dayAndTime(value) {
  return value ? moment(value).format("lll") : "–";
}

export function shortDay(value) {
  return moment(value).format("D MMM");
}

export function duration(minutes) {
  if (minutes === null || minutes === undefined) return "–";
  const length = moment.duration(minutes, "minutes");
  if (minutes < 60) return `${Math.round(minutes)} min`;
  if (minutes < 60 * 48) return `${Math.floor(length.asHours())} h${length.minutes() ? ` ${length.minutes()} min` : ""}`;
  return `${Math.floor(length.asDays())} d${length.hours() ? ` ${length.hours()} h` : ""}`;
}

export function greeting() {
  const hour = moment().hour();
  if (hour < 12) return "Good morning";
  return hour < 18 ? "Good afternoon" : "Good evening";
}
