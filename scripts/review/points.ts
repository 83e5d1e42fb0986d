// The points of a review, in their order: what a person does who wants to know whether LunResync keeps its promises.

import { deletedWhileCopying, leaderKilled, namespaceDeleted } from './disturbances.ts';
import { endIsFinal, ttlOfTools, waitRecipes } from './ends.ts';
import type { Findings } from './findings.ts';
import { argoCD, flux } from './gitops.ts';
import { image } from './image.ts';
import { monitored } from './monitoring.ts';
import { restrictedInstall, rolledBackInMidCopy, uninstalled, upgradedInMidCopy } from './release.ts';
import { rights } from './rights.ts';
import { rulesRefuse } from './rules.ts';
import { columns, everyFieldDescribed, withoutOperator } from './schema.ts';
import { sampleTellsItsStory } from './story.ts';
import type { World } from './world.ts';

/** One point. Its number is its place in the list. */
export type Point = {
  readonly title: string;
  /** What a person would type. */
  readonly command: string;
  readonly expected: string;
  /** Does it, and tells `findings` what was seen. */
  readonly look: (world: World, findings: Findings) => Promise<void>;
};

/** All of them. */
export const POINTS: readonly Point[] = [
  {
    title: 'The CRDs without an operator',
    command: 'kubectl apply -f deploy/crds, then a sample; kubectl wait --for=condition=Succeeded --timeout=5s',
    expected: 'observedGeneration -1; the wait ends with 1',
    look: withoutOperator,
  },
  {
    title: 'The fields explain themselves',
    command: 'kubectl explain lunresync.spec --recursive, the same of status and StorageArray, and every object in it',
    expected: 'no field without a description',
    look: everyFieldDescribed,
  },
  {
    title: 'Lists for people',
    command: 'kubectl get all; kubectl get lrs; kubectl get lrs -o wide',
    expected: 'not in all; at most 80 columns; wide adds start, completion, array and message',
    look: columns,
  },
  {
    title: 'The rules of the schema',
    command: 'kubectl create or patch with one violation of each CEL rule',
    expected: 'each is refused, with its exact message at its field',
    look: rulesRefuse,
  },
  {
    title: 'The chart in a restricted namespace',
    command: 'helm upgrade --install; helm test; --set operator.workerz=8',
    expected: 'Pods are ready; the test passes; the misspelt value is refused',
    look: restrictedInstall,
  },
  {
    title: 'A sample from beginning to end',
    command: 'kubectl apply -f deploy/samples/refresh-staging.yaml; kubectl get lrs -w; kubectl describe',
    expected: 'the progress rises; at most 8 Events; the description tells what happened',
    look: sampleTellsItsStory,
  },
  {
    title: 'The three waits',
    command: 'kubectl wait for Succeeded, Succeeded=false and completionTime, on a good and on a bad run',
    expected: 'good: 0 1 0; bad: 1 0 0',
    look: waitRecipes,
  },
  {
    title: 'The leader is killed in the middle of a copy',
    command: 'kill -9 of the process, kubectl delete pod --force of the Pod that holds the Lease',
    expected: 'another leads; the array shows one copy, which ends well',
    look: leaderKilled,
  },
  {
    title: 'helm upgrade in the middle of a copy',
    command: 'helm upgrade from an older chart',
    expected: 'the array shows one copy, which ends well',
    look: upgradedInMidCopy,
  },
  {
    title: 'helm rollback in the middle of a copy',
    command: 'helm rollback to an older chart',
    expected: 'the array shows one copy, which ends well; the CRDs go back with the release',
    look: rolledBackInMidCopy,
  },
  {
    title: 'What is final stays',
    command: 'kubectl patch of spec.pairs; of a finished status back to Unknown',
    expected: 'both are refused',
    look: endIsFinal,
  },
  {
    title: 'Deleting an object that copies',
    command: 'kubectl delete with the array up, down and back, and abandoned',
    expected: 'rolled back and gone; held back with one Warning, then the same; let go of with an Event',
    look: deletedWhileCopying,
  },
  {
    title: 'Deleting the namespace in the middle of a copy',
    command: 'kubectl delete namespace',
    expected: 'it goes; the target has what it had',
    look: namespaceDeleted,
  },
  {
    title: 'Argo CD',
    command: 'the health script over its fixtures, and over every version of a good and of a bad run',
    expected: 'each fixture has its health; Progressing, then Healthy or Degraded',
    look: argoCD,
  },
  {
    title: 'Flux',
    command: 'the health check expressions and kstatus over every version of a good and of a bad run',
    expected: 'InProgress until the end, then Current, or Failed at once',
    look: flux,
  },
  {
    title: 'A TTL under Argo CD',
    command: 'ttlSecondsAfterFinished with the annotation argocd.argoproj.io/tracking-id',
    expected: 'the object is kept, and one Warning says so',
    look: ttlOfTools,
  },
  {
    title: 'Rights',
    command: 'kubectl auth can-i --list of the service account; kubectl create as a user with the role edit',
    expected: 'the rights are those of scripts/review/rights.txt; the user is refused',
    look: rights,
  },
  {
    title: 'The image',
    command: 'docker stop; docker run --entrypoint sh; docker inspect',
    expected: 'exit code 0 in less than 5 s; no shell; user 65532; two architectures, SBOM, provenance',
    look: image,
  },
  {
    title: 'Alerts and metrics',
    command: 'promtool test rules; a runbook for each alert; docs/reference/metrics.md against /metrics',
    expected: 'the rules fire as they should; no runbook is missing; page and operator name the same metrics',
    look: monitored,
  },
  {
    title: 'Uninstalling',
    command: 'helm uninstall; then the removal of deploy/helm/lunresync/README.md',
    expected: 'objects and CRDs stay; then nothing is left',
    look: uninstalled,
  },
];
