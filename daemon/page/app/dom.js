// Elements, made of names and words of ours and of texts that are only ever text: there is no way from a string to markup here.
import { glyphs, inOneLine, linesOf } from './text.js';

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * h('button', { type: 'button', onclick: act }, 'Deny'). A function is a listener, true an attribute without a value.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name @param {Record<string, string | number | boolean | EventListener | undefined> | null} [props]
 * @param {...(Child | Child[])} children @returns {HTMLElementTagNameMap[K]}
 */
export function h(name, props, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(props ?? {})) {
        if (value === undefined || value === false) continue;
        if (typeof value === 'function') element.addEventListener(key.slice(2), value);
        else element.setAttribute(key, value === true ? '' : String(value));
    }
    put(element, ...children);
    return element;
}

/** @param {Element} element @param {...(Child | Child[])} children */
export function put(element, ...children) {
    for (const child of children.flat()) {
        if (child === null || child === undefined || child === false) continue;
        element.append(child instanceof Node ? child : String(child));
    }
}

/** @param {Element} element @param {...(Child | Child[])} children */
export function fill(element, ...children) {
    element.replaceChildren();
    put(element, ...children);
}

/**
 * A stranger's text in one line, whole; what is spelt out, or not ASCII, looks so. `from` and `to`: the part that decided.
 * @param {string} text @param {number} [from] @param {number} [to] @returns {DocumentFragment}
 */
export function shown(text, from = 0, to = 0) {
    const out = document.createDocumentFragment();
    let run = '';
    let kind = '';
    const flush = () => {
        if (run !== '') out.append(kind === '' ? run : h(kind.startsWith('mark') ? 'mark' : 'span', { class: kind }, run));
        run = '';
    };
    for (const glyph of glyphs(text)) {
        const decides = glyph.at >= from && glyph.at < to;
        const look = (decides ? 'mark ' : '') + (glyph.spelt ? 'spelt' : glyph.odd ? 'odd' : '');
        if (look !== kind) flush();
        kind = look;
        run += glyph.text;
    }
    flush();
    return out;
}

/**
 * A stranger's text line by line, each behind a number or a bar of ours, so that none can look like words of the page.
 * @param {string} text @param {{ from?: number, to?: number, numbered?: boolean }} [options]
 */
export function block(text, { from = 0, to = 0, numbered = false } = {}) {
    const lines = linesOf(text);
    const many = numbered && lines.length > 1;
    const list = h('ol', { class: many ? 'source numbered' : 'source', translate: 'no', dir: 'ltr' });
    for (const line of lines) {
        if ('blanks' in line) {
            list.append(h('li', { class: 'blanks', 'data-number': '' }, `(${line.blanks} lines of blanks)`));
            continue;
        }
        list.append(h('li', { 'data-number': many ? line.number : '' }, shown(line.text, from - line.at, to - line.at)));
    }
    return list;
}

/** @param {string} text */
export const code = (text) => h('code', { translate: 'no', dir: 'ltr' }, shown(text));

let fieldIds = 0;

/**
 * A labelled input. @param {string} label @param {Record<string, string | number | boolean | EventListener | undefined>} props
 * @param {string} [hint]
 */
export function field(label, props, hint) {
    const id = `f${++fieldIds}`;
    const input = h('input', {
        id,
        autocomplete: 'off',
        autocapitalize: 'none',
        spellcheck: 'false',
        ...(hint ? { 'aria-describedby': id + 'h' } : {}),
        ...props,
    });
    return { input, row: h('div', { class: 'field' }, h('label', { for: id }, label), input, hint && h('small', { id: id + 'h' }, hint)) };
}

/** @param {string} label @param {readonly (readonly [string, string])[]} options value and words @param {string} [chosen] */
export function choice(label, options, chosen) {
    const id = `f${++fieldIds}`;
    const select = h(
        'select',
        { id },
        options.map(([value, words]) => h('option', { value, selected: value === chosen }, inOneLine(words))),
    );
    return { input: select, row: h('div', { class: 'field' }, h('label', { for: id }, label), select) };
}

/** @param {string} label @param {() => unknown} act @param {string} [kind] */
export const button = (label, act, kind = '') => h('button', { type: 'button', class: kind, onclick: () => void act() }, label);

/** @param {string} href @param {string} label */
export const link = (href, label) => h('a', { href }, label);
