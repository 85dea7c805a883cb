/** Tests that need a program: where it is missing they are skipped, and told of at the end of the run. */
import { mark, tools } from './tools.cjs'

export type Tool = keyof typeof tools

type Body = jest.ProvidesCallback

export const has = (tool: Tool): boolean => tools[tool].isThere()

/** Says that something is not tested: .ci/run has every tool, and fails where a test is skipped. */
const skip = (tool: Tool, name: string, body: Body): void => {
  test.skip(`${name} ${mark(tool)}`, body)
}

/** Names, where the tool is missing, what the tests beside it do without. */
export const leftOut = (tool: Tool, ...names: ReadonlyArray<string>): void => {
  if (!has(tool)) for (const name of names) skip(tool, name, () => undefined)
}

/** `describe`, where the tool is there. */
export const describeWith =
  (tool: Tool) =>
  (name: string, body: () => void): void => {
    if (has(tool)) describe(name, body)
    else describe.skip(`${name} ${mark(tool)}`, body)
  }

/** `test`, where the tool is there. */
export const testWith =
  (tool: Tool) =>
  (name: string, body: Body, timeout?: number): void => {
    if (has(tool)) test(name, body, timeout)
    else skip(tool, name, body)
  }
