// What a browser has to do itself; everything else is drawn by the server.
(() => {
  'use strict';

  const cookie = name => document.cookie.split('; ').find(c => c.startsWith(name + '='))?.slice(name.length + 1);
  const keep = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`; };
  const apply = dark => {
    document.documentElement.classList.toggle('dark', dark);
    keep('freemask-dark', dark ? '1' : '0');
  };
  const isDark = () => (cookie('freemask-choice') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? '1' : '0')) === '1';
  apply(isDark());

  const widths = new WeakMap();

  window.freemask = {
    // Called once the page answers to the user.
    begin() {
      document.documentElement.dataset.live = '';
      document.getElementById('components-reconnect-modal')?.close();
      return isDark();
    },

    setDark(dark) {
      keep('freemask-choice', dark ? '1' : '0');
      apply(dark);
    },

    // Tells the width of an element now and after each change.
    observe(element, page) {
      const observer = new ResizeObserver(entries => {
        // The page was left: there is nobody to tell.
        if (!element.isConnected) {
          observer.disconnect();
          return;
        }
        const width = Math.floor(entries[0].contentRect.width);
        if (widths.get(element) === width) return;
        widths.set(element, width);
        page.invokeMethodAsync('Resized', width);
      });
      observer.observe(element);
      return Math.floor(element.getBoundingClientRect().width);
    },

    // Scrolls a row of a grid into the window. Rows that are not drawn have no element of their own.
    reveal(element, row, height) {
      const top = element.getBoundingClientRect().top + window.scrollY + row * height;
      const bar = 72;
      if (top < window.scrollY + bar) window.scrollTo({ top: top - bar });
      else if (top + height > window.scrollY + window.innerHeight) window.scrollTo({ top: top + height - window.innerHeight + 8 });
    },

    async copy(text) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        return false;
      }
    },
  };

  // Keys of a grid do not scroll the page.
  const gridKeys = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', ' ']);
  document.addEventListener('keydown', event => {
    if (event.target instanceof Element && event.target.matches('[data-grid]') && gridKeys.has(event.key)) event.preventDefault();
  });

  // The two images of a comparison are divided where the slider is.
  document.addEventListener('input', event => {
    if (event.target instanceof HTMLInputElement && event.target.matches('[data-split]'))
      event.target.closest('.compare').style.setProperty('--split', `${event.target.value}%`);
  });

  // Zoom and pan of an image, and the class under the pointer: grey values of the label map are classes.
  const maps = new Map();
  const mapOf = address => {
    if (!maps.has(address)) {
      maps.set(address, (async () => {
        const image = new Image();
        image.src = address;
        await image.decode();
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const drawing = canvas.getContext('2d', { willReadFrequently: true });
        drawing.drawImage(image, 0, 0);
        return { width: canvas.width, height: canvas.height, data: drawing.getImageData(0, 0, canvas.width, canvas.height).data };
      })());
    }
    return maps.get(address);
  };

  const views = new WeakMap();
  const viewOf = frame => {
    if (!views.has(frame)) views.set(frame, { scale: 1, x: 0, y: 0 });
    return views.get(frame);
  };
  const show = (frame, view) => {
    const limit = (view.scale - 1) * frame.clientWidth;
    view.x = Math.min(0, Math.max(-limit, view.x));
    view.y = Math.min(0, Math.max(-(view.scale - 1) * frame.clientHeight, view.y));
    frame.style.setProperty('--zoom', `translate(${view.x}px, ${view.y}px) scale(${view.scale})`);
    frame.classList.toggle('near', view.scale > 3);
  };
  const zoom = (frame, factor, x, y) => {
    const view = viewOf(frame);
    const scale = Math.min(32, Math.max(1, view.scale * factor));
    view.x = x - (x - view.x) * scale / view.scale;
    view.y = y - (y - view.y) * scale / view.scale;
    view.scale = scale;
    show(frame, view);
  };
  const frameOf = event => event.target instanceof Element ? event.target.closest('[data-zoom]') : null;

  document.addEventListener('wheel', event => {
    const frame = frameOf(event);
    if (!frame || !(event.ctrlKey || viewOf(frame).scale > 1 || event.deltaY < 0)) return;
    event.preventDefault();
    const box = frame.getBoundingClientRect();
    zoom(frame, Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });

  document.addEventListener('keydown', event => {
    const frame = event.target instanceof Element && event.target.matches('[data-zoom]') ? event.target : null;
    if (!frame) return;
    const view = viewOf(frame);
    const step = 40;
    switch (event.key) {
      case '+': case '=': zoom(frame, 1.5, frame.clientWidth / 2, frame.clientHeight / 2); break;
      case '-': zoom(frame, 1 / 1.5, frame.clientWidth / 2, frame.clientHeight / 2); break;
      case '0': Object.assign(view, { scale: 1, x: 0, y: 0 }); show(frame, view); break;
      case 'ArrowLeft': view.x += step; show(frame, view); break;
      case 'ArrowRight': view.x -= step; show(frame, view); break;
      case 'ArrowUp': view.y += step; show(frame, view); break;
      case 'ArrowDown': view.y -= step; show(frame, view); break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  });

  document.addEventListener('pointerdown', event => {
    const frame = frameOf(event);
    if (!frame || viewOf(frame).scale === 1) return;
    const view = viewOf(frame);
    const from = { x: event.clientX - view.x, y: event.clientY - view.y };
    const move = e => { view.x = e.clientX - from.x; view.y = e.clientY - from.y; show(frame, view); };
    document.addEventListener('pointermove', move);
    document.addEventListener('pointerup', () => document.removeEventListener('pointermove', move), { once: true });
    event.preventDefault();
  });

  document.addEventListener('pointermove', async event => {
    const frame = frameOf(event);
    const output = frame?.parentElement.querySelector('[data-under]');
    if (!frame || !output || !frame.dataset.labels) return;
    const box = frame.getBoundingClientRect();
    const view = viewOf(frame);
    const [u, v] = [(event.clientX - box.left - view.x) / view.scale / box.width, (event.clientY - box.top - view.y) / view.scale / box.height];
    try {
      const map = await mapOf(frame.dataset.labels);
      const [x, y] = [Math.floor(u * map.width), Math.floor(v * map.height)];
      if (x < 0 || y < 0 || x >= map.width || y >= map.height) return;
      const value = map.data[4 * (y * map.width + x)];
      const names = frame.dataset.classes.split('\n');
      output.textContent = `${x}, ${y}: ${value === 255 ? 'ignore' : names[value] ?? value}`;
    } catch {
      output.textContent = '';
    }
  });

  // The connection to the server: say that it is lost, try again, and load the page anew where the server has forgotten it.
  document.addEventListener('DOMContentLoaded', () => {
    const dialog = document.getElementById('components-reconnect-modal');
    dialog?.addEventListener('components-reconnect-state-changed', event => {
      switch (event.detail.state) {
        case 'show':
          if (!dialog.open) dialog.show();
          break;
        case 'hide':
          dialog.close();
          break;
        case 'failed':
          setTimeout(retry, 1000);
          break;
        case 'rejected':
          location.reload();
          break;
      }
    });
    // A page whose connection never came about looks like one that works.
    setTimeout(() => {
      if (dialog && !('live' in document.documentElement.dataset)) dialog.show();
    }, 15000);
    const retry = async () => {
      try {
        if (await Blazor.reconnect()) dialog.close();
        else location.reload();
      } catch {
        setTimeout(retry, 2000);
      }
    };
  });
})();
