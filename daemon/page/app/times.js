// Times and amounts in words.

/** @param {number} seconds */
export function span(seconds) {
    if (seconds < 100) return `${seconds}s`;
    if (seconds < 6000) return `${Math.floor((seconds + 30) / 60)}m`;
    if (seconds < 172_800) return `${Math.floor((seconds + 1800) / 3600)}h`;
    return `${Math.floor((seconds + 43_200) / 86_400)}d`;
}

/** "12s ago", "in 9m"; what is no time as it is. @param {string} time RFC 3339 @param {number} now milliseconds */
export function relative(time, now) {
    const then = Date.parse(time);
    if (Number.isNaN(then)) return time;
    const seconds = Math.floor(Math.abs(then - now) / 1000);
    return then > now ? `in ${span(seconds)}` : `${span(seconds)} ago`;
}

/** Of this device's clock and zone, to the second. @param {string} time */
export function local(time) {
    const then = new Date(time);
    if (Number.isNaN(then.getTime())) return time;
    const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
    const day = `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
    return `${day} ${two(then.getHours())}:${two(then.getMinutes())}:${two(then.getSeconds())}`;
}

/** @param {number} bytes */
export function size(bytes) {
    if (bytes < 1024) return `${bytes} B`;
    const units = ['KiB', 'MiB', 'GiB'];
    let value = bytes / 1024;
    let unit = 0;
    while (value >= 1024 && unit < 2) {
        value /= 1024;
        ++unit;
    }
    return `${value.toFixed(1)} ${units[unit]}`;
}

/** "2h", "30m", "90s", "7d": milliseconds, or NaN. @param {string} text */
export function duration(text) {
    const parts = /^(\d{1,6})([smhd])$/.exec(text.trim());
    if (!parts) return NaN;
    const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    return Number(parts[1]) * units[/** @type {'s' | 'm' | 'h' | 'd'} */ (parts[2])];
}

/**
 * As --since takes them: "2h" (ago), "today", "yesterday", "09:00", "2026-11-20", "2026-11-20 09:00", RFC 3339. "" for what is none.
 * @param {string} text @param {number} now
 */
export function moment(text, now) {
    const word = text.trim();
    const rfc = (/** @type {number} */ time) => (Number.isNaN(time) ? '' : new Date(time).toISOString().replace(/\.\d+/, ''));
    const ago = duration(word.replace(/ ago$/, ''));
    if (!Number.isNaN(ago)) return rfc(now - ago);
    const midnight = new Date(now);
    midnight.setHours(0, 0, 0, 0);
    if (word === 'now') return rfc(now);
    if (word === 'today') return rfc(midnight.getTime());
    if (word === 'yesterday') return rfc(midnight.setDate(midnight.getDate() - 1));
    const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(word);
    if (clock) return rfc(midnight.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)));
    if (/^\d{4}-\d{2}-\d{2}$/.test(word)) return rfc(Date.parse(word + 'T00:00:00'));
    if (/^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?$/.test(word)) return rfc(Date.parse(word.replace(' ', 'T')));
    return /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/i.test(word) ? rfc(Date.parse(word)) : '';
}
