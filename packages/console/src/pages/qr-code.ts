import { generate } from 'lean-qr';
import { type Html, html } from './html.ts';

/** Modules of white around the code, so that cameras find it (ISO/IEC 18004, 6.3.8). */
const QUIET_ZONE = 4;

/** A QR code of `text` as an inline SVG, one unit to a module, dark on white in every theme. `label`: for who cannot see it. */
export function qrCode(text: string, label: string): Html {
  const code = generate(text);
  let path = '';
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  }
  const side = code.size + 2 * QUIET_ZONE;
  return html`<svg class="qr" role="img" aria-label="${label}" viewBox="${-QUIET_ZONE} ${-QUIET_ZONE} ${side} ${side}" width="220" height="220" shape-rendering="crispEdges"><rect x="${-QUIET_ZONE}" y="${-QUIET_ZONE}" width="${side}" height="${side}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`;
}
