/**
 * The document that every view begins with.
 *
 * @module
 */
import { ASSETS_PATH } from "../paths.ts";

/** An image of its own would be one more request of every page. */
const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" ' +
    'fill="#0e1116"/><path d="M2 10l3-1 3-4 3 3 3-5" fill="none" stroke="#5aa2ff" stroke-width="2"/></svg>',
);

/** Writes it; nothing in it is inline, as the policy allows no script and no style that is. */
export function writeDocument(script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>Telemetry</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="${ASSETS_PATH}/${style}">
<script type="module" src="${ASSETS_PATH}/${script}"></script>
</head>
<body>
<div id="app"></div>
<noscript><p class="noscript">These pages need JavaScript. Without it there is
<a href="/api/health">the health of the gateway</a>.</p></noscript>
</body>
</html>
`;
}
