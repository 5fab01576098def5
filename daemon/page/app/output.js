// What a run writes, as text: colours are left out, every other control is spelt out, and old lines make room for new ones.
import { h, shown } from './dom.js';

const MOST_LINES = 2000;
const LONGEST = 20_000; // characters of a line that is not ended yet
// A colour alone (ECMA-48, SGR); whatever else begins with an escape may move or hide something.
const COLOUR = /\x1b\[[0-9;:]*m/g;

export class Output {
    constructor() {
        this.lines = h('ol', { class: 'source output', translate: 'no', dir: 'ltr' });
        this.left_out = h('p', { class: 'dim' });
        this.left_out.hidden = true;
        this.none = h('p', { class: 'dim' }, 'Nothing written yet.');
        this.box = h(
            'div',
            { class: 'output-box', tabindex: 0, role: 'log', 'aria-label': 'Output', 'aria-live': 'off' },
            this.left_out,
            this.lines,
        );
        this.element = h('section', null, h('h2', null, 'Output'), this.none, this.box);
        this.box.hidden = true;
        /** @type {Record<string, { rest: string, item: HTMLElement | null }>} */
        this.open = { stdout: { rest: '', item: null }, stderr: { rest: '', item: null } };
        this.dropped = 0;
    }

    /** @param {'stdout' | 'stderr'} stream @param {string} text */
    add(stream, text) {
        if (text === '') return;
        this.none.hidden = true;
        this.box.hidden = false;
        const follows = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 40;
        const parts = text.split('\n');
        const now = this.open[stream];
        if (!now) return;
        parts.forEach((part, i) => {
            now.rest += part;
            now.item ??= this.line(stream);
            if (i < parts.length - 1 || now.rest.length > LONGEST) {
                this.write(now);
                now.item = null;
                now.rest = '';
            }
        });
        if (now.rest !== '') this.write(now);
        else if (now.item) {
            now.item.remove();
            now.item = null;
        }
        this.trim();
        if (follows) this.box.scrollTop = this.box.scrollHeight;
    }

    /** @param {'stdout' | 'stderr'} stream @param {number} bytes */
    gap(stream, bytes) {
        this.add(stream, `(${bytes} bytes of ${stream} are not kept)\n`);
    }

    /** @param {string} stream */
    line(stream) {
        const item = h('li', { class: stream });
        if (stream === 'stderr') item.append(h('span', { class: 'away' }, 'error output: '));
        this.lines.append(item);
        return item;
    }

    /** @param {{ rest: string, item: HTMLElement | null }} now */
    write(now) {
        if (!now.item) return;
        const spoken = now.item.querySelector('.away');
        now.item.replaceChildren(...(spoken ? [spoken] : []), shown(now.rest.replace(/\r$/, '').replace(COLOUR, '')));
    }

    trim() {
        while (this.lines.children.length > MOST_LINES) {
            this.lines.firstElementChild?.remove();
            ++this.dropped;
        }
        this.left_out.hidden = this.dropped === 0;
        this.left_out.textContent = `${this.dropped} earlier lines are left out here: owhalectl runs logs has them.`;
    }
}
