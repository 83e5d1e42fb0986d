package main

import (
	"context"
	"encoding/json"
	"fmt"

	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomization "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

// kstatusOf is what every tool says that asks kstatus: Flux without expressions, Helm 4, kpt.
func kstatusOf(object *unstructured.Unstructured) (any, error) {
	result, err := status.Compute(object)
	if err != nil {
		return nil, err
	}
	return result.Status, nil
}

// fluxStatus is what Flux's own evaluator says by health check expressions.
func fluxStatus(object *unstructured.Unstructured, expressions *kustomize.HealthCheckExpressions) (any, error) {
	evaluator, err := cel.NewStatusEvaluator(expressions)
	if err != nil {
		return nil, err
	}
	result, err := evaluator.Evaluate(context.Background(), object)
	if err != nil {
		return nil, err
	}
	return result.Status, nil
}

// fluxObject refuses a Flux object with a field that its controller does not know.
func fluxObject(object *unstructured.Unstructured, raw json.RawMessage) (any, error) {
	var known any
	switch object.GroupVersionKind() {
	case kustomization.GroupVersion.WithKind("Kustomization"):
		known = &kustomization.Kustomization{}
	case helm.GroupVersion.WithKind("HelmRelease"):
		known = &helm.HelmRelease{}
	default:
		return nil, fmt.Errorf("%s is not known here", object.GroupVersionKind())
	}
	return object.GetKind(), yaml.UnmarshalStrict(raw, known)
}
