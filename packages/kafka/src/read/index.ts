/**
 * The one rule for answers without a batch, for everybody who reads logs. Loads no client.
 * @module
 */
export { EmptyAnswers, type EmptyAnswerOptions, type LogClient } from './empty-answers.ts';
export { fetchBelow, type FetchBelowOptions, type FetchedBelow } from './fetch-below.ts';
