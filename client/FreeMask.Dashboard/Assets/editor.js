// The editor of a run file: suggestions at the caret, and lines. The server knows what fits (POST /api/v1/run-files/complete).
const delay = 120;

// Lets a text area complete what is written. The parts are drawn by the server: [data-suggestions] is the list, [data-lines] the numbers
// of the lines, [data-told] what screen readers are told.
export function attach(root) {
  const area = root.querySelector('textarea');
  const list = root.querySelector('[data-suggestions]');
  const lines = root.querySelector('[data-lines]');
  const told = root.querySelector('[data-told]');
  const ruler = document.createElement('canvas').getContext('2d');
  let shown = null, chosen = -1, timer = 0, asked = null;

  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    if (!shown) return;
    shown = null;
    chosen = -1;
    list.hidden = true;
    list.replaceChildren();
    area.removeAttribute('aria-activedescendant');
    told.textContent = '';
  };

  const caret = () => {
    const before = area.value.slice(0, area.selectionStart);
    const start = before.lastIndexOf('\n') + 1;
    return { line: before.split('\n').length, start, column: before.length - start + 1 };
  };

  // Lines are not wrapped, so a place follows from its line and the width of what is before it.
  const moveTo = (line, text) => {
    const style = getComputedStyle(area);
    ruler.font = style.font;
    const height = parseFloat(style.lineHeight);
    const left = parseFloat(style.paddingLeft) + ruler.measureText(text.replaceAll('\t', '  ')).width - area.scrollLeft;
    const top = parseFloat(style.paddingTop) + line * height - area.scrollTop;
    list.style.top = `${area.offsetTop + Math.min(top, area.clientHeight) + 2}px`;
    list.style.left = `${area.offsetLeft + Math.max(0, Math.min(left, area.clientWidth - list.offsetWidth))}px`;
  };

  const choose = index => {
    const options = [...list.children];
    options[chosen]?.setAttribute('aria-selected', 'false');
    chosen = index;
    const option = options[chosen];
    if (!option) {
      area.removeAttribute('aria-activedescendant');
      return;
    }
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    area.setAttribute('aria-activedescendant', option.id);
  };

  const element = (name, className, text) => {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  };

  const show = (answer, start, isAsked) => {
    const word = area.value.slice(start + answer.from - 1, area.selectionStart);
    const found = answer.suggestions;
    // What is complete needs no list, unless the user asks for it.
    if (found.length === 0 || (!isAsked && (word === '' || found.some(s => s.text === word || s.insert === word)))) {
      close();
      if (isAsked) told.textContent = 'No suggestions here.';
      return;
    }
    shown = { ...answer, start, length: area.value.length };
    chosen = -1;
    list.replaceChildren(...found.map((suggestion, i) => {
      const option = document.createElement('li');
      option.id = `${list.id}-${i}`;
      option.setAttribute('role', 'option');
      option.setAttribute('aria-selected', 'false');
      const head = element('span', 'head', suggestion.text);
      if (suggestion.detail) head.append(element('span', 'detail', suggestion.detail));
      option.append(head, element('span', 'what', suggestion.description));
      return option;
    }));
    list.hidden = false;
    list.scrollTop = 0;
    moveTo(answer.line, area.value.slice(start, start + answer.from - 1));
    choose(0);
    told.textContent = `${found.length} ${found.length === 1 ? 'suggestion' : 'suggestions'}. Arrow keys choose, Enter takes, Escape closes.`;
  };

  const ask = async isAsked => {
    asked?.abort();
    if (area.selectionStart !== area.selectionEnd) return close();
    const request = asked = new AbortController();
    const { line, start, column } = caret();
    try {
      const answer = await fetch('/api/v1/run-files/complete', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ file: area.value, line, column }),
        signal: request.signal,
      });
      if (!answer.ok) return close();
      const suggestions = await answer.json();
      if (asked === request && document.activeElement === area) show(suggestions, start, isAsked);
    } catch {
      // Typing went on, or the server does not answer: the editor works without suggestions.
    }
  };

  // As if it was typed, so that it can be undone and the page hears of it.
  const write = (from, to, text) => {
    area.focus();
    area.setSelectionRange(from, to);
    if (document.execCommand('insertText', false, text)) return;
    area.setRangeText(text, from, to, 'end');
    area.dispatchEvent(new Event('input', { bubbles: true }));
  };

  const take = index => {
    const { start, from, to, length, suggestions } = shown;
    const { kind, insert } = suggestions[index];
    // Letters that were typed after the list was asked for belong to the word.
    const typed = area.value.length - length;
    close();
    write(start + from - 1, start + to - 1 + typed, insert);
    // After a key come its values, or the keys of its section.
    if (kind !== 'value' && /[\s]$/.test(insert)) ask(true);
  };

  const newLine = () => {
    const { start } = caret();
    const line = area.value.slice(start, area.selectionStart);
    const indent = line.match(/^ */)[0] + (/^ *[^#\s][^#]*:\s*$/.test(line) ? '  ' : '');
    write(area.selectionStart, area.selectionEnd, `\n${indent}`);
  };

  area.addEventListener('keydown', event => {
    if (event.isComposing) return;
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      ask(true);
      return;
    }
    if (!shown) {
      // Also a list that is on its way.
      if (event.key === 'Escape') asked?.abort();
      if (event.key === 'Enter' && !event.ctrlKey && !event.altKey && !event.metaKey) {
        event.preventDefault();
        newLine();
      }
      return;
    }
    const count = shown.suggestions.length;
    switch (event.key) {
      case 'ArrowDown': choose((chosen + 1) % count); break;
      case 'ArrowUp': choose((chosen + count - 1) % count); break;
      case 'PageDown': choose(Math.min(count - 1, chosen + 8)); break;
      case 'PageUp': choose(Math.max(0, chosen - 8)); break;
      case 'Enter': case 'Tab':
        if (event.shiftKey) return close();
        take(chosen);
        break;
      case 'Escape': close(); break;
      case 'ArrowLeft': case 'ArrowRight': case 'Home': case 'End': close(); return;
      default: return;
    }
    event.preventDefault();
  });

  area.addEventListener('input', event => {
    clearTimeout(timer);
    asked?.abort();
    // Words that are typed; not what is pasted, deleted or taken from the list.
    if (event.inputType === 'insertText' && /^[\w.+-]$/.test(event.data ?? '')) timer = setTimeout(() => ask(false), delay);
    else if (event.inputType === 'deleteContentBackward' && shown) timer = setTimeout(() => ask(false), delay);
    else close();
  });
  area.addEventListener('scroll', () => {
    lines.scrollTop = area.scrollTop;
    if (shown) close();
  });
  area.addEventListener('blur', close);
  area.addEventListener('pointerdown', close);
  // The text keeps the focus.
  list.addEventListener('pointerdown', event => event.preventDefault());
  list.addEventListener('click', event => {
    const option = event.target.closest('[role=option]');
    if (option && shown) take([...list.children].indexOf(option));
  });
  root.dataset.ready = '';
}

// Puts the caret at a place; line and column count from 1.
export function goTo(root, line, column) {
  const area = root.querySelector('textarea');
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const at = Math.min(area.value.length, start + Math.min(column - 1, (lines[line - 1] ?? '').length));
  area.focus();
  area.setSelectionRange(at, at);
  area.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(area).lineHeight));
}
