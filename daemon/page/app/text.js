// Texts of strangers as people may see them: nothing in them can move, hide, reorder or style anything, and nothing is cut.
// The same rules as owhalectl's (cli/drawing, cli/escape, cli/writing): what is unseen or runs leftward is spelt out.

/** @typedef {{ text: string, odd: boolean, spelt: boolean, at: number }} Glyph `at`: where it begins, in UTF-16 units */

/** Marks, which draw on their neighbour or beside it; what formats; what shows as nothing: as this browser's Unicode has them. */
export const UNDRAWN = /[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** @type {readonly [number, number][]} controls, ends of lines and paragraphs, halves of characters, private planes */
const UNSEEN = [
    [0x00, 0x1f], [0x7f, 0x9f], [0x2028, 0x2029], [0xd800, 0xdfff], [0xf0000, 0x10ffff],
];
/** @type {readonly [number, number][]} blanks that are not the space, colours of skin, leftward letters */
const VAGUE = [
    [0xa0, 0xa0], [0x1680, 0x1680], [0x2000, 0x200a], [0x202f, 0x202f], [0x205f, 0x205f], [0x2800, 0x2800],
    [0x3000, 0x3000], [0x1f3fb, 0x1f3ff],
    [0x590, 0x8ff], [0xfb1d, 0xfdff], [0xfe70, 0xfefe], [0x10800, 0x10fff], [0x1e800, 0x1efff],
];
const MOST_BLANKS = 32;
const MOST_BLANK_LINES = 4;

/** @param {readonly [number, number][]} ranges @param {number} value */
const within = (ranges, value) => ranges.some(([first, last]) => value >= first && value <= last);

/** @param {number} value */
export function visible(value) {
    if (value === 10) return '\\n';
    if (value === 9) return '\\t';
    if (value === 13) return '\\r';
    const hex = value.toString(16).padStart(2, '0');
    return value < 0x80 ? '\\x' + hex : `\\u{${hex}}`;
}

/** What the characters of one line are drawn as. @param {string} line @returns {Glyph[]} */
export function glyphs(line) {
    /** @type {Glyph[]} */
    const out = [];
    for (let at = 0; at < line.length;) {
        let blanks = 0;
        while (line[at + blanks] === ' ') ++blanks;
        if (blanks > MOST_BLANKS) {
            out.push({ text: `⟨${blanks} spaces⟩`, odd: true, spelt: true, at });
            at += blanks;
            continue;
        }
        const value = /** @type {number} */ (line.codePointAt(at));
        const text = String.fromCodePoint(value);
        const spelt = within(UNSEEN, value) || (value >= 0x80 && (within(VAGUE, value) || UNDRAWN.test(text)));
        out.push({ text: spelt ? visible(value) : text, odd: spelt || value >= 0x80, spelt, at });
        at += text.length;
    }
    return out;
}

/** All of it in one line, as text. @param {string} text */
export const inOneLine = (text) => glyphs(text).map((glyph) => glyph.text).join('');

/** The first `most` characters of that, "…" when there are more: for lists. @param {string} text @param {number} most */
export function clipped(text, most) {
    const all = glyphs(text.slice(0, 4 * most));
    return all.slice(0, most).map((glyph) => glyph.text).join('') + (all.length > most ? '…' : '');
}

const isBlank = (/** @type {string} */ line) => /^[ \t\r]*$/.test(line);

/** @typedef {{ number: number, text: string, at: number } | { blanks: number }} TextLine */

/** The lines of a text; more than four blank ones in a row are counted instead. @param {string} text @returns {TextLine[]} */
export function linesOf(text) {
    /** @type {TextLine[]} */
    const out = [];
    /** @type {TextLine[]} */
    let blank = [];
    const tell = () => {
        if (blank.length > MOST_BLANK_LINES) out.push({ blanks: blank.length });
        else out.push(...blank);
        blank = [];
    };
    let at = 0;
    const lines = text.split('\n');
    if (lines.length > 1 && lines.at(-1) === '') lines.pop();
    for (const [i, line] of lines.entries()) {
        const entry = { number: i + 1, text: line, at };
        at += line.length + 1;
        if (isBlank(line) && text !== '') {
            blank.push({ ...entry, text: '' });
            continue;
        }
        tell();
        out.push(entry);
    }
    tell();
    return out;
}

const BARE = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A word as a shell reads it. @param {string} word */
export const quoted = (word) => (BARE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** @param {readonly string[]} words */
export const inShellWords = (words) => words.map(quoted).join(' ');

/** @param {readonly string[]} words */
export const inTemplate = (words) => words.map((word) => (/^<(word|path|number)>$/.test(word) ? word : quoted(word))).join(' ');

/** As many bytes of UTF-8 as owhaled counts, in UTF-16 units. @param {string} text @param {number} bytes */
export function unitsOf(text, bytes) {
    const all = new TextEncoder().encode(text);
    return new TextDecoder().decode(all.subarray(0, bytes)).length;
}

/** A device by its name, with what of its id keeps that from passing for another principal. @param {string} principal @param {unknown} name */
export function called(principal, name) {
    if (!principal.startsWith('device:')) return principal;
    const id = `device ${principal.slice(-8)}`;
    return typeof name === 'string' && name !== '' ? `${name} (${id})` : id;
}
