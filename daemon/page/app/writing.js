// Which writing systems a word mixes: a Cyrillic letter among Latin ones is how a name is made to look like another. It says what
// is there, and judges nothing. The same table as cli/writing.
import { UNDRAWN, visible } from './text.js';

/** @type {readonly [number, number, string][]} blocks of Unicode 15 */
const BLOCKS = [
    [0x41, 0x5a, 'Latin'], [0x61, 0x7a, 'Latin'], [0xaa, 0xaa, 'Latin'], [0xba, 0xba, 'Latin'], [0xc0, 0xd6, 'Latin'],
    [0xd8, 0xf6, 'Latin'], [0xf8, 0x2af, 'Latin'], [0x370, 0x3ff, 'Greek'], [0x400, 0x52f, 'Cyrillic'],
    [0x530, 0x58f, 'Armenian'], [0x590, 0x5ff, 'Hebrew'], [0x600, 0x7bf, 'Arabic'], [0x7c0, 0x8ff, 'right-to-left'],
    [0x900, 0xdff, 'Indic'], [0xe00, 0xeff, 'Thai or Lao'], [0x10a0, 0x10ff, 'Georgian'], [0x1100, 0x11ff, 'Hangul'],
    [0x13a0, 0x13ff, 'Cherokee'], [0x1c80, 0x1c8f, 'Cyrillic'], [0x1d00, 0x1dbf, 'phonetic'], [0x1e00, 0x1eff, 'Latin'],
    [0x1f00, 0x1fff, 'Greek'], [0x2100, 0x214f, 'letterlike'], [0x2160, 0x218f, 'Roman number'], [0x24b6, 0x24e9, 'circled'],
    [0x2c60, 0x2c7f, 'Latin'], [0x2c80, 0x2cff, 'Coptic'], [0x2de0, 0x2dff, 'Cyrillic'], [0x3041, 0x30ff, 'Kana'],
    [0x3105, 0x312f, 'Bopomofo'], [0x3130, 0x318f, 'Hangul'], [0x3400, 0x4dbf, 'Han'], [0x4e00, 0x9fff, 'Han'],
    [0xa4d0, 0xa4ff, 'Lisu'], [0xa640, 0xa69f, 'Cyrillic'], [0xa720, 0xa7ff, 'Latin'], [0xab30, 0xab6f, 'Latin'],
    [0xab70, 0xabbf, 'Cherokee'], [0xac00, 0xd7a3, 'Hangul'], [0xf900, 0xfaff, 'Han'], [0xfb00, 0xfb06, 'Latin ligature'],
    [0xfb1d, 0xfb4f, 'Hebrew'], [0xfb50, 0xfdff, 'Arabic'], [0xfe70, 0xfefe, 'Arabic'], [0xff21, 0xff5a, 'fullwidth Latin'],
    [0x10330, 0x1034f, 'Gothic'], [0x10800, 0x10fff, 'right-to-left'], [0x1d400, 0x1d7ff, 'mathematical'],
    [0x1e800, 0x1efff, 'right-to-left'], [0x1f130, 0x1f189, 'squared'], [0x20000, 0x323af, 'Han'],
];

/** @param {number} value */
const blockOf = (value) => BLOCKS.find(([first, last]) => value >= first && value <= last)?.[2];

// Of no writing system: punctuation, signs and emoji, and what is spelt out anyway.
/** @param {number} value */
function isSign(value) {
    const none = blockOf(value) === undefined;
    return (value < 0xc0 && none) || value === 0xd7 || value === 0xf7 || (value >= 0x300 && value <= 0x36f) ||
        (value >= 0x2000 && value <= 0x20ff) || (value >= 0x2150 && value <= 0x215f) || (value >= 0x2190 && value <= 0x2bff && none) ||
        (value >= 0x3000 && value <= 0x3020) || (value >= 0xfe00 && value <= 0xfe2f) || value === 0xfeff ||
        (value >= 0x1f000 && value <= 0x1faff && none) || value >= 0xe0000;
}

/** "Latin", "Cyrillic", …: each once, in order. @param {string} word */
export function writingOf(word) {
    const values = Array.from(word, (letter) => /** @type {number} */ (letter.codePointAt(0)));
    const letters = values.filter((value) => !isSign(value) && !UNDRAWN.test(String.fromCodePoint(value)));
    return [...new Set(letters.map((value) => blockOf(value) ?? 'other'))];
}

/** @param {string} word */
const inAscii = (word) => Array.from(word, (letter) => {
    const value = /** @type {number} */ (letter.codePointAt(0));
    return value >= 0x80 || value < 0x20 || value === 0x7f ? visible(value) : letter;
}).join('');

/** "p\u{430}ypal.com: Latin and Cyrillic mixed", "caf\u{e9}: not ASCII". @param {string} word */
function told(word) {
    const names = writingOf(word);
    const mixed = names.length > 1;
    const what = mixed ? names.slice(0, -1).join(', ') + ' and ' + names.at(-1) + ' mixed' : 'not ASCII';
    return { text: `${inAscii(word)}: ${what}`, mixed };
}

/** The words of a text that are not ASCII, each once, in order. @param {string} text */
export function markedWords(text) {
    const odd = text.split(/[ \t\r\n]+/).filter((word) => /[^\x00-\x7f]/.test(word));
    return [...new Set(odd)].map(told);
}
