// Questions of the page's own, one at a time, over everything else; Escape is no.
import { button, field, h, put, shown } from './dom.js';
import { Problem } from './api.js';
import { inOneLine } from './text.js';

/**
 * Shows rows and asks; `act` does it and may throw, which is shown and asked again. Resolves to whether it was done.
 * @param {string} title @param {(Node | string)[]} body @param {string} verb @param {() => unknown} act @param {string} [kind]
 * @returns {Promise<boolean>}
 */
export function dialog(title, body, verb, act, kind = 'primary') {
    return new Promise((resolve) => {
        const trouble = h('p', { class: 'trouble', role: 'alert' });
        const yes = h('button', { type: 'submit', class: kind }, verb);
        let done = false;
        const submit = async (/** @type {Event} */ event) => {
            event.preventDefault();
            yes.disabled = true;
            trouble.textContent = '';
            try {
                await act();
                done = true;
                box.close();
            } catch (error) {
                put(trouble, shown(explained(error)));
                yes.disabled = false;
            }
        };
        const no = button('Cancel', () => box.close());
        const form = h(
            'form',
            { onsubmit: (event) => void submit(event) },
            h('h2', { id: 'dialog-title' }, shown(title)),
            body,
            trouble,
            h('div', { class: 'buttons' }, no, yes),
        );
        const box = h(
            'dialog',
            {
                'aria-labelledby': 'dialog-title',
                onclose: () => {
                    box.remove();
                    resolve(done);
                },
            },
            form,
        );
        document.body.append(box);
        box.showModal();
    });
}

/** What happened, and what to do next. @param {unknown} error */
export function explained(error) {
    if (error instanceof Problem) return error.next ? `${error.message}. ${error.next}` : `${error.message}.`;
    return error instanceof Error ? error.message : String(error);
}

/** @param {string} title @param {(Node | string)[]} body */
export function tell(title, body) {
    return new Promise((resolve) => {
        /** @type {HTMLDialogElement} */
        const box = h(
            'dialog',
            {
                'aria-labelledby': 'dialog-title',
                onclose: () => {
                    box.remove();
                    resolve(undefined);
                },
            },
            h('h2', { id: 'dialog-title' }, shown(title)),
            body,
            h(
                'div',
                { class: 'buttons' },
                button('Done', () => box.close(), 'primary'),
            ),
        );
        document.body.append(box);
        box.showModal();
    });
}

/** @param {string} [label] */
export const passwordField = (label = 'Your password') =>
    field(label, { type: 'password', autocomplete: 'current-password', required: true, maxlength: 512 });

/** @type {number | undefined} */
let fading;

/** A line at the bottom for a moment; screen readers say it. @param {string} text */
export function note(text) {
    const place = /** @type {HTMLElement} */ (document.getElementById('note'));
    place.textContent = inOneLine(text);
    place.hidden = false;
    clearTimeout(fading);
    fading = setTimeout(() => {
        place.hidden = true;
    }, 6000);
}
