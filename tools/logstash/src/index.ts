/**
 * The pipelines of Logstash that write what `kops export` prints, and a reader of them for the test that holds them to the
 * catalog's mapping.
 * @module
 */
export {
  parsePipeline,
  PipelineBranch,
  PipelinePlugin,
  type Pipeline,
  type PipelineStep,
  type PipelineValue,
} from './parse-pipeline.ts';
export { allSteps, fieldNames, type FieldNames } from './field-names.ts';
