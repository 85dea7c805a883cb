/** What modules of test files find around them, wherever they were compiled first. */
import { createContext, runInContext, compileFunction as vmCompileFunction } from 'node:vm'
import compileOnce from '../jest/modules.cjs'

const PARAMETERS = ['module', 'exports', 'require', '__dirname', '__filename', 'jest']
const FILE = '/a/module.js'

/** Loads a module in a context of its own, by one that compiles for many. */
const loader = () => {
  const compileFunction = compileOnce(vmCompileFunction)
  return (source: string) => {
    const context = createContext({
      Buffer,
      TextEncoder,
      TextDecoder,
      URL,
      URLSearchParams,
      AbortController,
      AbortSignal,
      process,
    })
    const module: { exports: unknown } = { exports: undefined }
    compileFunction(source, PARAMETERS, { filename: FILE, parsingContext: context })(module)
    return { of: (code: string): unknown => runInContext(code, context), exports: module.exports }
  }
}

test('a module finds the globals of its own context, as often as it is loaded', () => {
  const load = loader()
  const loaded = [1, 2].map(() => load('module.exports = { Object, Promise, Date, parse: (text) => JSON.parse(text) }'))
  for (const { of, exports } of loaded) {
    expect(exports).toMatchObject({ Object: of('Object'), Promise: of('Promise'), Date: of('Date') })
  }
  const [one, other] = loaded.map(({ of }) => of('Object'))
  expect(one).not.toBe(other)
})

test('a clock that a test has replaced is the one that it finds', () => {
  const { of, exports } = loader()('module.exports = () => [Date, setTimeout]')
  of('globalThis.Date = 1; globalThis.setTimeout = 2')
  expect(typeof exports === 'function' && [...exports()]).toEqual([1, 2])
})

test('names of its own hide them', () => {
  const load = loader()
  expect(
    load("const URL = 'mine'; const { process } = { process: 'too' }; module.exports = URL + process").exports,
  ).toBe('minetoo')
})

test('another source of the same file is another module', () => {
  const load = loader()
  expect([load('module.exports = 1'), load('module.exports = 2')].map(({ exports }) => exports)).toEqual([1, 2])
})

test.each([
  ['the first line', "'use strict';throw new Error('thrown')", `${FILE}:1:20`],
  ['another', "'use strict'\nthrow new Error('thrown')", `${FILE}:2:7`],
])('errors have their places: in %s', (_, source, place) => {
  const load = loader()
  for (let time = 0; time < 2; time++) {
    let stack: unknown
    try {
      load(`${source}\n// the end`)
    } catch (error) {
      stack = runInContext('(error) => error.stack', createContext())(error)
    }
    expect(stack).toContain(place)
  }
})

test('what imports at run time, and what is no module, is compiled as before', () => {
  const asBefore = jest.fn(vmCompileFunction)
  const compileFunction = compileOnce(asBefore)
  const parsingContext = createContext()
  compileFunction("import('node:fs')", PARAMETERS, { filename: FILE, parsingContext })
  expect(compileFunction('return 1 + a', ['a'], { filename: FILE, parsingContext })(2)).toBe(3)
  expect(compileFunction('return 1')()).toBe(1)
  expect(asBefore).toHaveBeenCalledTimes(3)
})
