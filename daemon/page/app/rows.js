// Rows of names of ours and texts of strangers.
import { h, shown } from './dom.js';

export class Rows {
    constructor() {
        this.list = h('dl', { class: 'rows' });
    }

    /** @param {string} name @param {string} value @param {string} [tone] */
    add(name, value, tone = '') {
        if (name !== '') this.list.append(h('dt', null, name));
        this.list.append(h('dd', { class: tone, translate: 'no', dir: 'ltr' }, shown(value)));
    }
}
