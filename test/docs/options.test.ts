import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import ts from 'typescript';

import { ROOT } from '../support/markdown.js';

/** Options by their names, each with its default as text. */
type Options = Readonly<Record<string, string>>;

const ENTRY_POINTS = ['lib/index.ts', 'lib/microservices/index.ts'];
/** Exported interfaces that look like options, and are for those who write a storage. */
const OF_STORAGES = ['DeletionTerms'];

/** What the code says of its exported options: each interface's own properties. */
function optionsOfCode(): Map<string, Options> {
  const files = ENTRY_POINTS.map((path) => join(ROOT, path));
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    experimentalDecorators: true,
  });
  const checker = program.getTypeChecker();
  const exported = files.flatMap((file) =>
    checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!),
  );
  const found = new Map<string, Options>();
  for (const symbol of exported) {
    const { name, declarations, members } =
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const looksRight = /(Options|Extras|Place|Declaration|Definition|Input|Limits|Filter)$/;
    if (!declarations?.some(ts.isInterfaceDeclaration) || !looksRight.test(name)) continue;
    const own = [...members!.values()].filter(
      ({ valueDeclaration }) => valueDeclaration && ts.isPropertySignature(valueDeclaration),
    );
    found.set(name, Object.fromEntries(own.map((one) => [one.name, defaultOf(one, checker)])));
  }
  return found;
}

function defaultOf(property: ts.Symbol, checker: ts.TypeChecker): string {
  const tag = property.getJsDocTags(checker).find(({ name }) => name === 'default');
  return normalized(ts.displayPartsToString(tag?.text));
}

/** What the reference says: each table behind a comment that names its interface. */
function optionsOfReference(): Map<string, Options> {
  const text = readFileSync(join(ROOT, 'docs/options.md'), 'utf8');
  const tables = text.matchAll(/^<!-- options: (\w+) -->\n\n((?:\|.*\n)+)/gm);
  const found = new Map<string, Options>();
  for (const [, name, table] of tables) {
    const rows = table!.trim().split('\n').slice(2);
    const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
    found.set(
      name!,
      Object.fromEntries(
        cells.map(([, option, , standard]) => [normalized(option!), normalized(standard!)]),
      ),
    );
  }
  return found;
}

function normalized(text: string): string {
  return text.replaceAll('`', '').replace(/\s+/g, ' ').trim();
}

test('the reference has every option once, with the default that the code says', () => {
  const code = optionsOfCode();
  for (const name of [...OF_STORAGES, 'DeadLetterPlace']) code.delete(name);
  expect(code.size).toBeGreaterThan(20);
  expect(Object.fromEntries(optionsOfReference())).toEqual(Object.fromEntries(code));
});
