import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Every page for people: those of the root, of docs and of test. */
export function pages(): string[] {
  return ['.', 'docs', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(ROOT, folder, name)),
  );
}

/** For messages. */
export function shownPath(page: string): string {
  return relative(ROOT, page);
}

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Line of the page that its first line is on, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** Names that it uses without importing them, from a comment before it: `<!-- given: eventx, manager -->`. */
  readonly given: readonly string[];
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const lines = readFileSync(page, 'utf8').split('\n');
  const blocks: Block[] = [];
  let given: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const comment = /^\s*<!-- given: (.*) -->$/.exec(line);
    if (comment) {
      given = comment[1]!.split(',').map((name) => name.trim());
      continue;
    }
    const fence = /^(\s*)```(\w*)$/.exec(line);
    if (!fence) {
      if (line.trim() !== '') given = [];
      continue;
    }
    const first = index + 1;
    while (lines[++index]!.trim() !== '```');
    const text = lines
      .slice(first, index)
      .map((code) => code.slice(fence[1]!.length))
      .join('\n');
    blocks.push({ page, line: first + 1, language: fence[2]!, text, given });
    given = [];
  }
  return blocks;
}

/** A page without its fenced blocks, which may hold what looks like links and tables; lines stay where they are. */
export function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replace(/^(\s*)```[\s\S]*?^\1```$/gm, (block) =>
    block.replace(/[^\n]/g, ''),
  );
}
