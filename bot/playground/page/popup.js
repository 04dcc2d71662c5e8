// Small things that open beside what was pressed: menus and lists. One at a time, in the top layer.

let current = null;

/**
 * Shows `node` beside `anchor` (an element, or {x, y}). It closes on Escape, on a press elsewhere and when
 * its anchor leaves the page; `onClose` is told once. Focus goes back to the anchor if it was inside.
 */
export function openPopup(
  anchor,
  node,
  { host = null, onClose = null, matchWidth = false, label = null } = {},
) {
  closePopup();
  const origin = anchor instanceof Element ? anchor : null;
  const parent = host ?? origin?.closest("dialog") ?? document.body;
  if (label) node.setAttribute("aria-label", label);
  node.classList.add("popup");
  node.setAttribute("popover", "manual");
  parent.append(node);
  node.showPopover();
  if (matchWidth && origin) node.style.minWidth = `${origin.getBoundingClientRect().width}px`;
  const restore = document.activeElement;
  const popup = { node, origin, onClose, restore, undo: [] };
  current = popup;
  const place = () => position(popup, anchor);
  listen(
    popup,
    document,
    "pointerdown",
    (event) => {
      if (!node.contains(event.target) && !origin?.contains(event.target)) closePopup();
    },
    true,
  );
  listen(
    popup,
    document,
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      closePopup();
    },
    true,
  );
  listen(popup, window, "resize", place);
  listen(popup, document, "scroll", place, true);
  place();
  return closePopup;
}

/** Closes whatever popup is open. */
export function closePopup() {
  const popup = current;
  if (!popup) return;
  current = null;
  for (const undo of popup.undo) undo();
  const inside = popup.node.contains(document.activeElement);
  popup.node.remove();
  if (inside && popup.restore?.isConnected) popup.restore.focus({ preventScroll: true });
  popup.onClose?.();
}

export const isPopupOpen = () => current !== null;

function listen(popup, target, type, handler, options) {
  target.addEventListener(type, handler, options);
  popup.undo.push(() => target.removeEventListener(type, handler, options));
}

function position({ node, origin }, anchor) {
  if (origin && !origin.isConnected) {
    closePopup();
    return;
  }
  const rect = origin
    ? origin.getBoundingClientRect()
    : { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y };
  const gap = origin ? 6 : 2;
  const { offsetWidth: width, offsetHeight: height } = node;
  const below = rect.bottom + gap + height <= innerHeight - 8 || rect.top < innerHeight - rect.bottom;
  const top = below ? rect.bottom + gap : rect.top - gap - height;
  node.style.left = `${Math.max(8, Math.min(rect.left, innerWidth - width - 8))}px`;
  node.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

/** Arrow keys, Home, End and first letters inside a menu or list of focusable items. */
export function roveFocus(container, selector) {
  container.addEventListener("keydown", (event) => {
    const items = [...container.querySelectorAll(selector)].filter((item) => !item.disabled);
    if (!items.length) return;
    const at = items.indexOf(document.activeElement);
    const moves = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    let next = items[moves[event.key]];
    if (!next && event.key.length === 1 && event.key !== " ") {
      const letter = event.key.toLowerCase();
      next = [...items.slice(at + 1), ...items].find((item) =>
        item.textContent.trim().toLowerCase().startsWith(letter),
      );
    }
    if (event.key === "Tab") {
      event.preventDefault();
      closePopup();
    }
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
