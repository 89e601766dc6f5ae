// In every page before its own scripts: when what is measured happened, in milliseconds.
(() => {
  const probe = window.probe = { firstTile: null, firstImages: null, gone: [], click: null, changed: null, before: null };
  const indices = () => [...document.querySelectorAll('.tile')].map(tile => Number(tile.dataset.index));
  // The time after the frame that shows the present state of the document.
  const afterFrame = then => requestAnimationFrame(() => setTimeout(then));
  let shown = new Set();

  const look = () => {
    const now = indices();
    if (probe.firstTile === null && now.length > 0) {
      probe.firstTile = 0;
      afterFrame(() => probe.firstTile = performance.now());
    }
    if (probe.watchesGone) {
      const at = Date.now();
      const still = new Set(now);
      // Placeholders of rows that are being read do not mean that their samples changed.
      if (now.length > 0 && !document.querySelector('.row:empty')) {
        for (const index of shown) if (!still.has(index)) probe.gone.push([index, at]);
        shown = still;
      }
    }
    if (probe.before && probe.changed === null && now.length > 0 && now.slice(0, 12).join() !== probe.before) {
      probe.changed = 0;
      afterFrame(() => probe.changed = performance.now());
    }
  };
  const images = () => {
    const visible = [...document.querySelectorAll('.tile img')].filter(image => image.getBoundingClientRect().top < innerHeight);
    if (probe.firstTile && visible.length > 0 && visible.every(image => image.complete && image.naturalWidth > 0))
      probe.firstImages = performance.now();
    else requestAnimationFrame(images);
  };
  document.addEventListener('DOMContentLoaded', () => {
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true,
      attributeFilter: ['data-index'] });
    images();
  });
  // The choice of a filter: an option of a list.
  document.addEventListener('click', event => {
    if (!event.target.closest('.mud-list-item')) return;
    Object.assign(probe, { click: performance.now(), changed: null, before: indices().slice(0, 12).join() });
  }, true);
})();
