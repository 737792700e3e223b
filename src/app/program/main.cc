#include <gatehouse/handler.h>

int main(int argc, char** argv) { return gatehouse::run(argc, argv); }
