// Prints the descriptor of csi.proto, as the CSI specification's own Go module has it: a serialized FileDescriptorProto.
package main

import (
	"fmt"
	"os"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
)

func main() {
	bytes, err := proto.Marshal(protodesc.ToFileDescriptorProto((&csi.Volume{}).ProtoReflect().Descriptor().ParentFile()))
	if err == nil {
		_, err = os.Stdout.Write(bytes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "The descriptor of csi.proto cannot be printed:", err)
		os.Exit(1)
	}
}
