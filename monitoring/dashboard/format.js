// Figures as people read them.  Cents stay whole numbers: euros are put together from their digits.

import { language, say } from "./words.js";

const made = new Map();

function numbers(options) {
  const key = language() + JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Intl.NumberFormat(language(), options));
  return made.get(key);
}

export function count(value) {
  return numbers({ maximumFractionDigits: 0 }).format(value);
}

export function decimal(value) {
  return numbers({ maximumFractionDigits: value < 100 ? 1 : 0 }).format(value);
}

/** Little is not nothing and nearly all is not all: near both ends a digit more is said. */
export function percent(share) {
  const isNearAnEnd = (share > 0 && share < 0.1) || (share > 0.99 && share < 1);
  return numbers({ style: "percent", maximumFractionDigits: isNearAnEnd ? 1 : 0 }).format(share);
}

export function euros(cents) {
  const digits = String(Math.abs(cents)).padStart(3, "0");
  const text = `${cents < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  return numbers({ style: "currency", currency: "EUR" }).format(text);
}

function unit(value, name) {
  return numbers({ style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** A stretch of time, in the unit that suits it. */
export function span(seconds) {
  if (seconds < 1) return unit(Math.round(seconds * 1000), "millisecond");
  if (seconds < 120) return unit(seconds, "second");
  return seconds < 7200 ? unit(seconds / 60, "minute") : unit(seconds / 3600, "hour");
}

/** Days, and hours, minutes and seconds to the digit; a moment that is past says so. */
export function countdown(seconds) {
  if (seconds < 0) return say("passed", countdown(-seconds));
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86400);
  const clock = [Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const text = clock.map((each) => String(each).padStart(2, "0")).join(":");
  return days ? `${numbers({ style: "unit", unit: "day", unitDisplay: "short" }).format(days)} ${text}` : text;
}

export function bytes(value) {
  return value < 1e6 ? unit(value / 1e3, "kilobyte") : unit(value / 1e6, "megabyte");
}

/** Clocks of twenty-four hours, and the day before the month, in both languages. */
const CLOCKS = { fr: "fr-FR", en: "en-GB" };

export function time(text) {
  return new Date(text).toLocaleTimeString(CLOCKS[language()], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function moment(text) {
  return new Date(text).toLocaleString(CLOCKS[language()], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

const FORMATS = { count, decimal, euros, span, countdown, time, moment };

/** A figure in the form that the page asks for; a dash where there is none yet. */
export function shown(value, as) {
  return value === null || value === undefined ? "–" : FORMATS[as](value);
}
