// Does nothing: what is left of a run is what it takes to make one.
int main(void) {
    return 0;
}
