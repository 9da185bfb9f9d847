import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from '@jest/globals';

import { pages, proseOf, shownPath } from '../support/markdown.js';

/** Every link of a page to another place of the repository: text or image. */
function linksOf(page: string): string[] {
  const found = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return found.filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page, made of its headings the way GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const headings = [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function problemOf(page: string, link: string): string | null {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(target)) return 'there is no such file';
  if (anchor === undefined) return null;
  return anchorsOf(target).has(anchor) ? null : 'there is no such heading';
}

test('links of the documentation lead somewhere', () => {
  const links = pages().flatMap((page) => linksOf(page).map((link) => ({ page, link })));
  expect(links.length).toBeGreaterThan(30);
  const broken = links.flatMap(({ page, link }) => {
    const problem = problemOf(page, link);
    return problem === null ? [] : [`${shownPath(page)}: ${link}: ${problem}`];
  });
  expect(broken).toEqual([]);
});

test('every chapter is linked from the README', () => {
  const [readme, ...chapters] = [
    ...pages().filter((page) => shownPath(page) === 'README.md'),
    ...pages().filter((page) => shownPath(page).startsWith('docs')),
  ];
  const text = readFileSync(readme!, 'utf8');
  expect(chapters.filter((page) => !text.includes(`](${shownPath(page)})`))).toEqual([]);
});
