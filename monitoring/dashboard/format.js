// Figures as people read them.  Cents stay whole numbers: an amount in euros is built from their digits.

import { getLanguage, translate } from "./words.js";

const numberFormats = new Map();

function getNumberFormat(options) {
  const key = getLanguage() + JSON.stringify(options);
  if (!numberFormats.has(key)) numberFormats.set(key, new Intl.NumberFormat(getLanguage(), options));
  return numberFormats.get(key);
}

export function formatCount(value) {
  return getNumberFormat({ maximumFractionDigits: 0 }).format(value);
}

function formatDecimal(value) {
  return getNumberFormat({ maximumFractionDigits: value < 100 ? 1 : 0 }).format(value);
}

/** Format a share; below 10 % and above 99 % one decimal is shown, so that little does not read as 0 % or nearly all as 100 %. */
export function formatPercent(share) {
  const needsDecimal = (share > 0 && share < 0.1) || (share > 0.99 && share < 1);
  return getNumberFormat({ style: "percent", maximumFractionDigits: needsDecimal ? 1 : 0 }).format(share);
}

export function formatEuros(cents) {
  const digits = String(Math.abs(cents)).padStart(3, "0");
  const text = `${cents < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  return getNumberFormat({ style: "currency", currency: "EUR" }).format(text);
}

function formatUnit(value, name) {
  return getNumberFormat({ style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** Format a duration in the unit that suits its length. */
export function formatDuration(seconds) {
  if (seconds < 1) return formatUnit(Math.round(seconds * 1000), "millisecond");
  if (seconds < 120) return formatUnit(seconds, "second");
  return seconds < 7200 ? formatUnit(seconds / 60, "minute") : formatUnit(seconds / 3600, "hour");
}

/** Format the time left as days, hours, minutes and seconds; below zero, the time since. */
function formatCountdown(seconds) {
  if (seconds < 0) return translate("passed", formatCountdown(-seconds));
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86400);
  const clock = [Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const text = clock.map((number) => String(number).padStart(2, "0")).join(":");
  return days ? `${getNumberFormat({ style: "unit", unit: "day", unitDisplay: "short" }).format(days)} ${text}` : text;
}

export function formatBytes(value) {
  return value < 1e6 ? formatUnit(value / 1e3, "kilobyte") : formatUnit(value / 1e6, "megabyte");
}

/** 24-hour clock, and the day before the month, in both languages. */
const LOCALES = { fr: "fr-FR", en: "en-GB" };

export function formatTime(text) {
  return new Date(text).toLocaleTimeString(LOCALES[getLanguage()], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function formatMoment(text) {
  return new Date(text).toLocaleString(LOCALES[getLanguage()], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

/** The formats that `data-as` names. */
const FORMATS = {
  count: formatCount, decimal: formatDecimal, euros: formatEuros, span: formatDuration, countdown: formatCountdown,
  time: formatTime, moment: formatMoment,
};

/** Format a figure as `data-as` asks; a dash where there is no value yet. */
export function formatFigure(value, format) {
  return value === null || value === undefined ? "–" : FORMATS[format](value);
}
