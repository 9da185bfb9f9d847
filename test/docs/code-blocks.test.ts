import { dirname, join } from 'node:path';

import { expect, test } from '@jest/globals';
import ts from 'typescript';

import { type Block, blocksOf, pages, ROOT, shownPath } from '../support/markdown.js';

/** A block as a module of its own. */
interface BlockModule {
  readonly block: Block;
  readonly path: string;
  readonly source: string;
}

const GIVEN = join(ROOT, 'test/docs/given.js');

/** One that says in its first line which file it is lies beside the others of its page, which may import it. */
function moduleOf(block: Block): BlockModule {
  const folder = join(ROOT, 'test/docs/pages', shownPath(block.page));
  const named = /^\/\/ (\S+\.ts)\b/.exec(block.text)?.[1];
  const path = join(folder, named ?? `line-${block.line}.ts`);
  // On one line, so that the lines of a message are those of the page.
  const names = block.given.join(', ');
  const prelude = names === '' ? 'export {};' : `import { ${names} } from '${GIVEN}'; export {};`;
  return { block, path, source: `${prelude}\n${block.text}\n` };
}

/** What the compiler has against the blocks, one line for each error, with its place in the page. */
function errorsOf(blocks: readonly Block[]): string[] {
  const modules = new Map(blocks.map(moduleOf).map((module) => [module.path, module]));
  expect(modules.size).toBe(blocks.length);
  const options: ts.CompilerOptions = { ...compilerOptions(), noEmit: true, allowJs: false };
  const program = ts.createProgram([...modules.keys()], options, hostOf(modules, options));
  return [...modules.values()].flatMap(({ block, path }) => {
    const file = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start, messageText }) => {
        const { line } = file.getLineAndCharacterOfPosition(start!);
        const message = ts.flattenDiagnosticMessageText(messageText, ' ');
        return `${shownPath(block.page)}:${block.line + line - 1}: ${message}`;
      },
    );
  });
}

/** As everything else here is compiled. */
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as { config: unknown };
  return ts.parseJsonConfigFileContent(config, ts.sys, ROOT).options;
}

function hostOf(
  modules: ReadonlyMap<string, BlockModule>,
  options: ts.CompilerOptions,
): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const folders = new Set([...modules.keys()].map(dirname));
  return {
    ...host,
    fileExists: (path) => modules.has(path) || host.fileExists(path),
    directoryExists: (path) =>
      [...folders].some((folder) => `${folder}/`.startsWith(`${path}/`)) ||
      host.directoryExists!(path),
    readFile: (path) => modules.get(path)?.source ?? host.readFile(path),
    getSourceFile: (path, language, ...rest) => {
      const module = modules.get(path);
      if (!module) return host.getSourceFile(path, language, ...rest);
      return ts.createSourceFile(path, module.source, language, true);
    },
  };
}

const blocks = pages()
  .flatMap(blocksOf)
  .filter(({ language }) => language === 'ts');

test('every block of TypeScript in the documentation compiles', () => {
  expect(blocks.length).toBeGreaterThan(30);
  expect(errorsOf(blocks)).toEqual([]);
});

test('a block is given nothing that it does not use', () => {
  const useless = blocks.flatMap(({ page, line, given, text }) =>
    given
      .filter((name) => !new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(text))
      .map((name) => `${shownPath(page)}:${line}: ${name}`),
  );
  expect(useless).toEqual([]);
});

test('an error in a block is found, with its line', () => {
  const wrong = (text: string): Block => ({
    page: join(ROOT, 'README.md'),
    line: 7,
    language: 'ts',
    text,
    given: ['eventx'],
  });
  expect(errorsOf([wrong('const fine = 1;\neventx.publishh(fine);')])).toEqual([
    expect.stringMatching(/^README\.md:8: Property 'publishh' does not exist/),
  ]);
  expect(errorsOf([wrong('eventx.signal(;')])).not.toEqual([]);
});
