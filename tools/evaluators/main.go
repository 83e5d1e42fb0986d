// Answers what GitOps tools make of objects. Every line of standard input is a request in JSON, and every line of
// standard output is the answer to one.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/pkg/apis/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// longestLine holds the largest object that an API server keeps.
const longestLine = 4 << 20

type request struct {
	// Evaluator is kstatus, health, action, expressions or strict.
	Evaluator string          `json:"evaluator"`
	Object    json.RawMessage `json:"object"`
	// Script is the Lua of health and action.
	Script string `json:"script"`
	// Expressions are the CEL of expressions.
	Expressions kustomize.HealthCheckExpressions `json:"expressions"`
}

type answer struct {
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		value, err := evaluate(lines.Bytes())
		if err != nil {
			err = out.Encode(answer{Error: err.Error()})
		} else {
			err = out.Encode(answer{Value: value})
		}
		exitOn(err)
	}
	exitOn(lines.Err())
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "The evaluation cannot go on:", err)
		os.Exit(1)
	}
}

func evaluate(line []byte) (any, error) {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, fmt.Errorf("the request is no JSON of the expected form: %w", err)
	}
	// encoding/json would make every number a float64, which kstatus refuses as a generation.
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(asked.Object); err != nil {
		return nil, fmt.Errorf("the object cannot be read: %w", err)
	}
	switch asked.Evaluator {
	case "kstatus":
		return kstatusOf(object)
	case "health":
		return argoHealth(object, asked.Script)
	case "action":
		return runLua(object, asked.Script)
	case "expressions":
		return fluxStatus(object, &asked.Expressions)
	case "strict":
		return fluxObject(object, asked.Object)
	default:
		return nil, fmt.Errorf("there is no evaluator %q", asked.Evaluator)
	}
}
