#!/bin/bash
# needs: javac=openjdk-17-jdk-headless java=openjdk-17-jre-headless
# slow: the compiler alone takes seconds
. "$COMPAT_LIB/case.bash"

cat >Sum.java <<'JAVA'
import java.util.stream.IntStream;

public class Sum {
    public static void main(String[] args) throws Exception {
        var thread = new Thread(() -> System.out.println(IntStream.rangeClosed(1, 8).parallel().sum() + 6));
        thread.start();
        thread.join();
    }
}
JAVA
caged -- javac Sum.java
same java 42 "$(caged -- java Sum)"
