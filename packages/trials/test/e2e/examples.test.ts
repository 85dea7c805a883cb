/** The documentation holds: every example of a docstring and of a page is type-checked and run. */
import { stop } from '../support/bundle.js'
import { allExamples, type Example, inMarkdown, inSource, run, typeCheck, write } from './support/examples.js'

const onPurpose = (owner: string, ...codes: ReadonlyArray<string>): ReadonlyArray<Example> =>
  codes.map((code, index) => ({ owner, file: owner, line: 10 * (index + 1), code, sandbox: false, runs: true }))

const WRONG = onPurpose(
  'wrong on purpose',
  "import { Secret } from '@tessera/core'\n\nconst one: number = Secret.make('Token', 'a')",
  "import { Secret, minutes } from '@tessera/core'\nassert.ok(Secret.is(minutes))",
  'assert.strictEqual(1, 2)',
  'void Promise.resolve().then(() => assert.strictEqual(3, 4))',
  "assert.strictEqual(typeof setTimeout, 'function')",
)
const STUCK = onPurpose('stuck on purpose', 'await new Promise(() => undefined)')
const ENDLESS = onPurpose('endless on purpose', 'setInterval(() => console.log(1), 1_000)')

const examples = allExamples()
const owners = [...new Set(examples.filter(({ runs }) => runs).map(({ owner }) => owner))]
const programs = write([...examples, ...WRONG, ...STUCK, ...ENDLESS])
afterAll(stop)

test('there are examples, of every package', () => {
  expect(examples.length).toBeGreaterThan(80)
  expect(owners).toEqual(
    expect.arrayContaining([
      'docs',
      ...[
        'adapters',
        'box',
        'box-node-sdk',
        'broker',
        'core',
        'mcp',
        'node',
        'oauth2',
        'oidc',
        'providers',
        'sandbox',
        'web',
      ].map((name) => `packages/${name}`),
    ]),
  )
})

test('all are type-checked, and what is wrong is found', async () => {
  const complaints = await typeCheck(programs)
  const wrong = complaints.filter(({ where }) => where.startsWith('wrong on purpose'))
  expect(wrong.map(({ where }) => where).slice(0, 1)).toEqual(['wrong on purpose:12'])
  expect(complaints.filter((complaint) => !wrong.includes(complaint))).toEqual([])
})

test.each(owners)('those of %s run', async (owner) => {
  expect(await run(owner, programs)).toEqual([])
})

test('what fails when it runs is found', async () => {
  const [wrong, stuck, endless] = await Promise.all([
    run('wrong on purpose', programs),
    run('stuck on purpose', programs),
    run('endless on purpose', programs, 2_000),
  ])
  expect(wrong.map(({ where }) => where)).toEqual(['wrong on purpose:20', 'wrong on purpose:30', 'wrong on purpose:40'])
  expect(stuck.map(({ where }) => where)).toEqual(['stuck on purpose:10'])
  expect(endless).toMatchObject([{ where: 'endless on purpose', what: expect.stringContaining('did not end') }])
})

test('fp-ts is imported as Node.js finds it, which the compiler and bundlers do not ask for', () => {
  const isBare = ({ code }: Example): boolean => /from '(?:fp-ts|io-ts)\/(?!lib\/\w+\.js')/.test(code)
  expect(examples.filter(isBare)).toEqual([])
  expect(onPurpose('bare', "import { pipe } from 'fp-ts/function'").filter(isBare)).toHaveLength(1)
})

test('extraction', () => {
  const source =
    '/**\n * Adds.\n *\n * @example\n * const two = 1 + 1\n *\n * assert.ok(two)\n *\n * @throws Never.\n */\n'
  expect(inSource('packages/a/src/b.ts', source)).toMatchObject([
    { owner: 'packages/a', line: 5, code: 'const two = 1 + 1\n\nassert.ok(two)\n' },
  ])
  const page = 'Text\n\n```ts\na\n```\n```sh\nb\n```\n```ts sandbox no-run: it needs a person\nc\n```\n'
  expect(inMarkdown('docs/page.md', page)).toMatchObject([
    { owner: 'docs', line: 4, code: 'a', sandbox: false, runs: true },
    { line: 10, code: 'c', sandbox: true, runs: false },
  ])
  expect(() => inMarkdown('docs/page.md', '```ts no-run\nc\n```\n')).toThrow('docs/page.md:1')
})
