import { unnameable } from '../unnameable.js'

const report = (...lines: readonly string[]) => `\`\`\`ts\n\n${lines.join('\n')}\n\`\`\`\n`

test('a type that only a signature mentions is unnameable', () => {
  const text = report('export const f: (options: Options) => void;', 'interface Options {', '}')
  expect(unnameable(text, ['Options'])).toEqual(['Options'])
})

test('a value that an exported record holds is not a type', () => {
  const text = report('export const Source: {', '    make: typeof make;', '};', 'const make: () => void;')
  expect(unnameable(text, ['make'])).toEqual([])
})

test('a type that an exported type stands for is nameable, whatever the report calls it', () => {
  const text = report(
    'export const Token: typeof TokenModule;',
    'export type Token<Kind extends string = string> = TokenModule.Token<Kind>;',
    'interface Token_2<out Kind extends string = string> {',
    '}',
    'type Shape = string;',
    'declare namespace TokenModule {',
    '    export {',
    '        make,',
    '        Token_2 as Token,',
    '        Shape',
    '    }',
    '}',
  )
  expect(unnameable(text, ['TokenModule', 'Token_2', 'Shape', 'make'])).toEqual(['Shape'])
})
